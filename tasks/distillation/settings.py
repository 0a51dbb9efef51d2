"""The `[settings]` of a distillation task, and the training plans that follow from them."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from benchmark.dataset_protocol import PlannedRuns
from benchmark.documents import OwnRecipe
from benchmark.documents.strict import Finite, Line, Strict, parse
from benchmark.task_registry import TaskEntry
from benchmark.training.augmentations.siamese import DSA
from benchmark.training.own_training import own_plan
from benchmark.training.plan import Optimizer, Schedule, TrainingPlan

Count = Annotated[int, Field(ge=1)]

STANDARD, QUICK, CROSS, OWN = "standard", "quick", "cross ", "own"
"""Names of plans; that of another architecture is `cross <architecture>`."""
BATCH_SIZE = 256
MICRO_BATCH = 25


class DistillationSettings(Strict):
    """The budget of a task, and how many nets judge a set."""

    images_per_class: Count
    runs: Count
    """Nets of the ranked plan."""
    epochs: Count = 1001
    """The code of DC and DSA counts its 1000 epochs from 0 to 1000, both included."""
    epochs_before_drop: Count = 502
    """It lowers the rate at the end of epoch 501 = 1000 // 2 + 1, counted from 0."""
    looked_at_runs: Count = 3
    """How many of them are also tested on corrupted images, and on the way."""
    watched_per_class: Count = 500
    """Training images of each class that they are asked about as well."""
    own_runs: Count = 3
    """Nets of a set's own recipe."""
    quick_runs: Count = 3
    quick_steps: Count = 300
    architecture: Line = "convnet3"
    cross_architectures: list[Line] = []
    """One net each."""
    mean: list[Finite]
    std: list[Annotated[Finite, Field(gt=0)]]


def settings_of(entry: TaskEntry) -> DistillationSettings:
    """The typed settings of a task; MettleError where they are not valid."""
    return parse(DistillationSettings, entry.task.settings, f"{entry.task.id} [settings]")


def planned(
    settings: DistillationSettings, classes: int, tier: str, recipe: OwnRecipe | None = None
) -> dict[str, PlannedRuns]:
    """The plans of a tier by name, the ranked one first; other architectures and recipes are never part of `quick`."""
    if tier == "quick":
        per_epoch = math.ceil(settings.images_per_class * classes / BATCH_SIZE)
        epochs = math.ceil(settings.quick_steps / per_epoch)
        plan = judging_plan(settings, settings.architecture, steps=settings.quick_steps, drop_after=epochs // 2 + 1)
        return {QUICK: PlannedRuns(plan, settings.quick_runs)}
    standard = judging_plan(settings, settings.architecture)
    plans = {STANDARD: PlannedRuns(standard, settings.runs)}
    if recipe is not None:
        plans[OWN] = PlannedRuns(own_plan(recipe, standard), settings.own_runs)
    for name in settings.cross_architectures:
        plans[CROSS + name] = PlannedRuns(judging_plan(settings, name), 1)
    return plans


def judging_plan(
    settings: DistillationSettings, architecture: str, *, steps: int | None = None, drop_after: int | None = None
) -> TrainingPlan:
    """How DSA's authors train a net on a set (VICO-UoE/DatasetCondensation, `utils.py` and `main.py`).

    SGD with momentum .9 and weight decay 5e-4; the rate, .01 unless the set has its own, falls to a tenth once and the
    momentum begins anew. An epoch's last batch is kept, however small. steps: in place of epochs.
    """
    return TrainingPlan(
        architecture=architecture,
        mean=settings.mean,
        std=settings.std,
        epochs=None if steps else settings.epochs,
        steps=steps,
        batch_size=BATCH_SIZE,
        last_batch="kept",
        optimizer=Optimizer(learning_rate=0.01, momentum=0.9, weight_decay=5e-4, nesterov=False),
        schedule=Schedule(
            warmup_share=0.0, decay="constant", drop_after_epochs=drop_after or settings.epochs_before_drop
        ),
        augmentations=[DSA(name="dsa")],
        channels_last=False,
        # Batch norm needs the whole batch; the others are quicker in parts that stay in the processor's cache.
        micro_batch=None if "_bn" in architecture else MICRO_BATCH,
    )
