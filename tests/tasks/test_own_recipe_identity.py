"""Nets of two own recipes are never taken for each other, and the ranked nets do not depend on a recipe."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.documents import Artifact, canonical_sha256
from benchmark.documents.strict import parse
from benchmark.effort import STANDARD as STANDARD_EFFORT
from benchmark.task_registry import find_task
from tasks.distillation.settings import OWN, STANDARD
from tasks.distillation.split import OpenDistillationSplit
from tasks.distillation.standard_training import PROTOCOL

ENTRY = find_task("distillation/fashion-mnist-ipc1")
BASE = {"optimizer": {"name": "sgd", "learning_rate": 0.01}, "epochs": 3, "batch_size": 8}
TEACHER = {"architecture": "linear", "sha256": "1" * 64, "path": "teacher.safetensors"}
KL = {"loss": {"name": "kl"}}
CHANGES: list[dict[str, Any]] = [
    {}, {"factor": 2}, {"zca": True}, {"epochs": 4}, {"loss": {"name": "soft_cross_entropy"}}, KL,
    {**KL, "teacher": TEACHER}, {**KL, "teacher": TEACHER | {"sha256": "2" * 64}},
    {**KL, "teacher": TEACHER | {"mean": [0.5]}}, {**KL, "teacher": TEACHER | {"when": "every_batch"}},
]  # fmt: skip


@pytest.fixture(scope="module")
def split() -> OpenDistillationSplit:
    return PROTOCOL.open_split(ENTRY)


def identity(split: OpenDistillationSplit, change: dict[str, Any], shard: str) -> str:
    data = {"kind": "distilled", "path": "set.safetensors", "sha256": "0" * 64, "own_recipe": BASE | change}
    artifact = parse(Artifact, data, "artifact")
    return canonical_sha256(PROTOCOL.identity_for(ENTRY, split, artifact, STANDARD_EFFORT, shard))


def test_every_recipe_has_nets_of_its_own(split: OpenDistillationSplit) -> None:
    found = [identity(split, change, f"{OWN}/seed 1") for change in CHANGES]
    assert len(set(found)) == len(CHANGES)
    assert identity(split, {}, f"{OWN}/seed 1") == found[0]
    assert identity(split, {}, f"{OWN}/seed 2") not in found


def test_whitened_nets_depend_on_the_training_images_and_others_do_not(
    split: OpenDistillationSplit, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, whitened = ({}, {"zca": True})
    before = [identity(split, change, f"{OWN}/seed 1") for change in (plain, whitened)]
    monkeypatch.setitem(vars(split), "training_pixels_sha256", "f" * 64)
    after = [identity(split, change, f"{OWN}/seed 1") for change in (plain, whitened)]
    assert [now == then for now, then in zip(after, before, strict=True)] == [True, False]


def test_the_ranked_nets_do_not_know_the_recipe(split: OpenDistillationSplit) -> None:
    assert len({identity(split, change, f"{STANDARD}/seed 1") for change in CHANGES}) == 1
