"""How the frozen anchors of distillation tasks are trained, and what scores are set against."""

from __future__ import annotations

import numpy as np

from benchmark.documents import canonical_sha256
from benchmark.documents.measured.distillation_anchors import (
    FILE,
    Anchor,
    Arm,
    anchor_name,
    read_distillation_reference,
)
from benchmark.errors import MettleError
from benchmark.task_registry import TaskEntry
from benchmark.training.augmentations.placement import Flip, Shift
from benchmark.training.plan import Optimizer, Schedule, TrainingPlan
from tasks.distillation.settings import BATCH_SIZE, MICRO_BATCH, DistillationSettings, judging_plan, settings_of

WHOLE_EPOCHS = 30
"""One net on CIFAR-10 has 83.5 % after half as many, and 86.1 % after these; published: 84.8 % (NCFM, table 1)."""


def whole_plan(settings: DistillationSettings) -> TrainingPlan:
    """How nets are trained on the whole training set."""
    return TrainingPlan(
        architecture=settings.architecture,
        mean=settings.mean,
        std=settings.std,
        epochs=WHOLE_EPOCHS,
        batch_size=BATCH_SIZE,
        optimizer=Optimizer(learning_rate=0.05, nesterov=False),
        schedule=Schedule(warmup_share=0.1, decay="cosine"),
        augmentations=[Flip(name="flip"), Shift(name="shift", pixels=2)],
        channels_last=False,
        micro_batch=MICRO_BATCH,
    )


def arm_plan(entry: TaskEntry, arm: Arm) -> TrainingPlan:
    """The plan of an arm: the task's ranked one for random images, `whole_plan` for the whole set."""
    settings = settings_of(entry)
    return judging_plan(settings, settings.architecture) if arm == "random" else whole_plan(settings)


def plan_sha256(plan: TrainingPlan) -> str:
    """The identity of a plan."""
    return canonical_sha256(plan.model_dump(mode="json", exclude_defaults=True))


def read_anchor(entry: TaskEntry, arm: Arm) -> Anchor | None:
    """The runs there are of an arm, enough or not; None where there are none.

    Raises MettleError for a bad file, and for nets of another plan or split.
    """
    anchor = read_distillation_reference(entry.folder).of(entry.task, arm)
    if anchor is None:
        return None
    own = plan_sha256(arm_plan(entry, arm)), entry.task.data.split_sha256
    if (anchor.plan_sha256, anchor.split_sha256) != own:
        raise MettleError(
            entry.folder / FILE,
            f"its anchor {anchor_name(entry.task, arm)} ({arm}) belongs to another plan or split of {entry.task.id}",
            anchor.plan_sha256[:12],
            "Restore it, or take it out and train it again: python -m scripts.measure_distillation_anchors",
        )
    return anchor


def frozen_accuracies(entry: TaskEntry, arm: Arm) -> np.ndarray | None:
    """Accuracies of an arm's independent units, float64 (UNITS[arm],); None until there are enough of them.

    Raises MettleError as `read_anchor` does.
    """
    anchor = read_anchor(entry, arm)
    units = anchor.frozen_units(arm) if anchor else None
    return None if units is None else np.array(units)
