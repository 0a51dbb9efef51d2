"""The anchors of distillation tasks, tasks/distillation/reference.json: nets on random images and on the whole set."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.documents.strict import Finite, Line, Paragraph, Sha256, Share, Strict, decode_file, parse
from benchmark.documents.task import Task

FILE = "reference.json"
Arm = Literal["random", "whole"]
SUBSETS = 10
UNITS: dict[Arm, int] = {"random": SUBSETS, "whole": 2}
"""How many independent units an arm needs to count: random subsets, or nets on the whole set, of an hour each. Two show
an error, which is small beside that of random subsets."""


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
    """Of the plan they were trained by: nets of another one are refused."""
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

    def frozen_units(self, arm: Arm) -> list[float] | None:
        """Accuracy of each of the first independent units, as many as the arm needs; None until there are enough.

        The first net of a unit counts, so that a later run changes no score.
        """
        units = _by_unit(self.runs)
        return [unit[0] for unit in units[: UNITS[arm]]] if len(units) >= UNITS[arm] else None


class DistillationReference(Strict):
    """The content of the file."""

    random: dict[Line, Anchor] = {}
    """By task, as `fashion-mnist-ipc1.v1`: as many random real images for each class, trained like a submission."""
    whole: dict[Line, Anchor] = {}
    """By data set."""

    def of(self, task: Task, arm: Arm) -> Anchor | None:
        """The runs there are of an arm of a task version, enough or not, its own or not."""
        arms: dict[str, Anchor] = getattr(self, arm)
        return arms.get(anchor_name(task, arm))


def anchor_name(task: Task, arm: Arm) -> str:
    """What the arm of a task is called in the file."""
    return f"{task.name}.v{task.version}" if arm == "random" else task.data.dataset


def independent_units(runs: list[AnchorRun]) -> list[float]:
    """Mean accuracy of each subset, or of each net where there are no subsets."""
    return [statistics.fmean(unit) for unit in _by_unit(runs)]


def _by_unit(runs: list[AnchorRun]) -> list[list[float]]:
    """The accuracies of each unit's nets, in the order of the runs."""
    units: dict[object, list[float]] = {}
    for run in runs:
        units.setdefault(("net", run.net_seed) if run.subset_seed is None else run.subset_seed, []).append(run.accuracy)
    return list(units.values())


def summary(runs: list[AnchorRun]) -> dict[str, float | None]:
    """Mean, standard deviation and standard error over independent units; the last two None for a single one."""
    units = independent_units(runs)
    sd = statistics.stdev(units) if len(units) > 1 else None
    error = sd / math.sqrt(len(units)) if sd is not None else None
    return {"mean": statistics.fmean(units), "sd": sd, "standard_error": error}


def read_distillation_reference(folder: Path) -> DistillationReference:
    """All anchors of the family, from its folder; none where there is no file, MettleError for a bad one."""
    path = folder / FILE
    return parse(DistillationReference, decode_file(path), path) if path.is_file() else DistillationReference()
