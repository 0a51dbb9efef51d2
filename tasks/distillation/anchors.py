"""The frozen anchors of distillation tasks: random real images, and the whole training set."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from benchmark.documents import canonical_sha256
from benchmark.documents.strict import Finite, Line, Paragraph, Sha256, Share, Strict, decode_file, parse
from benchmark.errors import MettleError
from benchmark.task_registry import TaskEntry
from benchmark.training.augmentations.siamese import DSA
from benchmark.training.plan import Optimizer, Schedule, TrainingPlan
from tasks.distillation.settings import BATCH_SIZE, MICRO_BATCH, DistillationSettings, judging_plan, settings_of

REFERENCE = "reference.json"
Arm = Literal["random", "whole"]
SUBSETS = 10
RUNS: dict[Arm, int] = {"random": SUBSETS, "whole": 3}
"""How many independent units an arm needs: random subsets, or nets on the whole set."""
WHOLE_EPOCHS = 15


class AnchorRun(Strict):
    """One net of an anchor."""

    subset_seed: Annotated[int, Field(ge=0)] | None = None
    """Which random subset it was trained on; None for the whole set."""
    net_seed: Annotated[int, Field(ge=0)]
    accuracy: Share


class Anchor(Strict):
    """Nets of one arm; means and errors are over subsets, where there are any, because nets of one share its luck."""

    training: Paragraph
    """How the nets were trained."""
    plan_sha256: Sha256
    """Of the plan they were trained by, as `plan_sha256` gives it: nets of another one are refused."""
    split_sha256: Sha256
    """Of the split they were tested on."""
    runs: Annotated[list[AnchorRun], Field(min_length=1)]
    """In the order of their net seeds, each there once."""
    mean: Finite
    sd: Finite | None = None
    """Between independent units; None for a single one."""
    standard_error: Finite | None = None

    @model_validator(mode="after")
    def _runs_are_in_order(self) -> Self:
        if any(later.net_seed <= run.net_seed for run, later in pairwise(self.runs)):
            raise ValueError("the net seeds of an anchor's runs ascend, and none is there twice")
        return self

    @model_validator(mode="after")
    def _numbers_are_those_of_the_runs(self) -> Self:
        for name, value in summary(self.runs).items():
            given = getattr(self, name)
            if (given is None) != (value is None) or (value is not None and abs(given - value) > 1e-9):
                raise ValueError(f"{name} of an anchor must be that of its runs, {value}")
        return self


class References(Strict):
    """The content of `reference.json`."""

    random: dict[Line, Anchor] = {}
    """By task, as `fashion-mnist-ipc1.v1`: as many random real images for each class, trained like a submission."""
    whole: dict[Line, Anchor] = {}
    """By data set."""


def independent_units(runs: list[AnchorRun]) -> np.ndarray:
    """Mean accuracy of each subset, or of each net where there are no subsets: float64 (k,)."""
    return np.array([math.fsum(unit) / len(unit) for unit in _by_unit(runs)])


def _by_unit(runs: list[AnchorRun]) -> list[list[float]]:
    """The accuracies of each unit's nets, in the order of the runs."""
    units: dict[object, list[float]] = {}
    for run in runs:
        units.setdefault(("net", run.net_seed) if run.subset_seed is None else run.subset_seed, []).append(run.accuracy)
    return list(units.values())


def summary(runs: list[AnchorRun]) -> dict[str, float | None]:
    """Mean, standard deviation and standard error over independent units; the last two None for a single one."""
    units = independent_units(runs)
    sd = float(units.std(ddof=1)) if len(units) > 1 else None
    error = sd / math.sqrt(len(units)) if sd is not None else None
    return {"mean": float(units.mean()), "sd": sd, "standard_error": error}


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
        augmentations=[DSA(name="dsa")],
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


def anchor_name(entry: TaskEntry, arm: Arm) -> str:
    """What the arm of a task is called in the file."""
    return f"{entry.task.name}.v{entry.task.version}" if arm == "random" else entry.task.data.dataset


def read_anchor(entry: TaskEntry, arm: Arm) -> Anchor | None:
    """The runs there are of an arm, enough or not; None where there are none.

    Raises MettleError for a bad file, and for nets of another plan or split.
    """
    anchor: Anchor | None = getattr(read_references(entry), arm).get(anchor_name(entry, arm))
    if anchor is None:
        return None
    own = plan_sha256(arm_plan(entry, arm)), entry.task.data.split_sha256
    if (anchor.plan_sha256, anchor.split_sha256) != own:
        raise MettleError(
            entry.folder / REFERENCE,
            f"its anchor {anchor_name(entry, arm)} ({arm}) belongs to another plan or split of {entry.task.id}",
            anchor.plan_sha256[:12],
            "Restore it, or take it out and train it again: python -m scripts.measure_distillation_anchors",
        )
    return anchor


def frozen_units(entry: TaskEntry, arm: Arm) -> np.ndarray | None:
    """Accuracy of each of an arm's first independent units, float64 (RUNS[arm],); None until there are enough of them.

    The first net of a unit counts, so that a later run changes no score. Raises MettleError as `read_anchor` does.
    """
    anchor = read_anchor(entry, arm)
    units = _by_unit(anchor.runs) if anchor else []
    if len(units) < RUNS[arm]:
        return None
    return np.array([unit[0] for unit in units[: RUNS[arm]]])


def read_references(entry: TaskEntry) -> References:
    """The anchors beside a task; none where there is no file. MettleError for a bad one."""
    path = entry.folder / REFERENCE
    return parse(References, decode_file(path), path) if path.is_file() else References()
