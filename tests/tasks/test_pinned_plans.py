"""The recipes of distillation's ranked rows stand in code; a change makes another version, and is caught here."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.task_registry import TaskEntry, all_tasks
from benchmark.training.plan import TrainingPlan
from tasks.distillation.settings import planned, settings_of

ACTIVE = [entry for entry in all_tasks() if entry.task.family == "distillation" and entry.task.state == "active"]
MOMENTS = {
    "cifar10": {"mean": [0.4914, 0.4822, 0.4465], "std": [0.2023, 0.1994, 0.2010]},
    "fashion-mnist": {"mean": [0.2861], "std": [0.3530]},
}
RANKED: dict[str, Any] = {
    "architecture": "convnet3",
    "epochs": 1001,
    "steps": None,
    "batch_size": 256,
    "last_batch": "kept",
    "loss": {"name": "cross_entropy"},
    "label_smoothing": 0.0,
    "outliers": None,
    "optimizer": {
        "name": "sgd", "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": False,
    },
    "schedule": {"warmup_share": 0.0, "decay": "constant", "final_share": 0.0, "drop_after_epochs": 502},
    "augmentations": [{"name": "dsa"}],
    "precision": "float32",
    "channels_last": False,
    "micro_batch": 25,
    "threads": 1,
}  # fmt: skip
CROSS = {"convnet3_bn": None, "convnet2": 25, "mlp": 25, "lenet5": 25}
"""Other architectures with their micro-batches."""


def is_as(plan: TrainingPlan, expected: dict[str, Any]) -> bool:
    """A field that plans get later is not held: at its default it changes nothing."""
    found = plan.model_dump(mode="json")
    return {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("entry", ACTIVE, ids=lambda entry: entry.task.name)
def test_the_plans_of_version_1_stay_what_they_are(entry: TaskEntry) -> None:
    settings, classes = settings_of(entry), len(entry.task.data.classes)
    images = settings.images_per_class
    ranked = RANKED | MOMENTS[entry.task.data.dataset]
    plans = planned(settings, classes, "standard")
    assert is_as(plans["standard"].plan, ranked)
    assert plans["standard"].runs == (10 if images == 1 else 5)
    others = {name.removeprefix("cross "): of for name, of in plans.items() if name != "standard"}
    assert list(others) == (list(CROSS) if images == 10 else [])
    for name, of in others.items():
        assert is_as(of.plan, ranked | {"architecture": name, "micro_batch": CROSS[name]})
        assert of.runs == 1
    (quick,) = planned(settings, classes, "quick").values()
    schedule = {**RANKED["schedule"], "drop_after_epochs": 76 if images == 50 else 151}
    assert is_as(quick.plan, ranked | {"epochs": None, "steps": 300, "schedule": schedule})
    assert quick.runs == 3
