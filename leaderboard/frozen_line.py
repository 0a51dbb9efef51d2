"""The line between accuracies with and without a shift, frozen in the split of a task."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmark.documents import Task
from benchmark.errors import MettleError

BEYOND_THE_LINE = "effective_robustness"
"""Metric of the tasks whose split has such a line: how far a row lies above it."""


@dataclass(frozen=True)
class FrozenLine:
    """logit(shifted accuracy) = slope * logit(original accuracy) + intercept."""

    slope: float
    intercept: float


def frozen_line(task: Task, tasks_dir: Path) -> FrozenLine | None:
    """The line of a task; None for a task that measures nothing against one, or whose split does not exist yet.

    Raises MettleError for a split without a readable line.
    """
    if task.data.split is None or BEYOND_THE_LINE not in (metric.name for metric in task.also):
        return None
    path = tasks_dir / task.family / task.data.split
    try:
        line = json.loads(path.read_text(encoding="utf-8"))["line"]
        return FrozenLine(float(line["slope"]), float(line["intercept"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MettleError(path, f"the split of {task.id} has a line with slope and intercept", error) from None
