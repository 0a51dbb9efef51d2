"""The frozen anchors of distillation tasks: random real images, and the whole training set."""

from __future__ import annotations

import math
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from benchmark.documents.strict import Finite, Line, Paragraph, Share, Strict, decode_file, parse
from benchmark.task_registry import TaskEntry

REFERENCE = "reference.json"


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
    runs: Annotated[list[AnchorRun], Field(min_length=1)]
    mean: Finite
    sd: Finite | None = None
    """Between independent units; None for a single one."""
    standard_error: Finite | None = None

    @model_validator(mode="after")
    def _numbers_are_those_of_the_runs(self) -> Self:
        for name, value in summary(self.runs).items():
            given = getattr(self, name)
            if (given is None) != (value is None) or (value is not None and abs(given - value) > 1e-9):
                raise ValueError(f"{name} of an anchor must be that of its runs, {value}")
        return self

    def units(self) -> np.ndarray:
        """Accuracies of the independent units, float64 (k,): means of subsets, or single nets."""
        return independent_units(self.runs)


class References(Strict):
    """The content of `reference.json`."""

    random: dict[Line, Anchor] = {}
    """By task, as `fashion-mnist-ipc1.v1`: as many random real images for each class, trained like a submission."""
    whole: dict[Line, Anchor] = {}
    """By data set."""


def independent_units(runs: list[AnchorRun]) -> np.ndarray:
    """Mean accuracy of each subset, or of each net where there are no subsets: float64 (k,)."""
    units: dict[object, list[float]] = {}
    for run in runs:
        units.setdefault(("net", run.net_seed) if run.subset_seed is None else run.subset_seed, []).append(run.accuracy)
    return np.array([math.fsum(unit) / len(unit) for unit in units.values()])


def summary(runs: list[AnchorRun]) -> dict[str, float | None]:
    """Mean, standard deviation and standard error over independent units; the last two None for a single one."""
    units = independent_units(runs)
    sd = float(units.std(ddof=1)) if len(units) > 1 else None
    error = sd / math.sqrt(len(units)) if sd is not None else None
    return {"mean": float(units.mean()), "sd": sd, "standard_error": error}


def read_references(entry: TaskEntry) -> References:
    """The anchors beside a task; none where there is no file. MettleError for a bad one."""
    path = entry.folder / REFERENCE
    return parse(References, decode_file(path), path) if path.is_file() else References()
