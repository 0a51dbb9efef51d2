"""The frozen anchors that scores of a task are set against, with their errors."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.documents import Task
from benchmark.documents.measured.curation_anchors import read_curation_reference
from benchmark.documents.measured.distillation_anchors import UNITS, read_distillation_reference
from leaderboard.numbers import plain

TITLES = {
    ("curation", "random"): "balanced random",
    ("curation", "oracle"): "oracle",
    ("distillation", "random"): "random real images",
    ("distillation", "whole"): "whole training set",
}
"""By family and arm, the lower anchor first."""


@dataclass(frozen=True)
class ShownAnchor:
    """The mean accuracy of an arm's nets and its standard error, shares in [0, 1]."""

    title: str
    mean: float
    error: float
    nets: int


def shown_anchors(task: Task, tasks_dir: Path) -> dict[str, ShownAnchor]:
    """The anchors of a task by arm; none for another family, without a file, and for an arm with too few nets.

    Raises MettleError for a file that cannot be read. Anchors of another definition of the task are none of its own;
    which plan those of distillation were trained by is checked where they are scored with.
    """
    accuracies = _accuracies(task, tasks_dir / task.family)
    return {
        arm: ShownAnchor(title, statistics.fmean(nets), statistics.stdev(nets) / len(nets) ** 0.5, len(nets))
        for (family, arm), title in TITLES.items()
        if family == task.family and (nets := accuracies.get(arm))
    }


def _accuracies(task: Task, folder: Path) -> Mapping[str, list[float]]:
    if task.family == "curation":
        anchors = read_curation_reference(folder).of(task)
        return anchors.accuracies() if anchors and anchors.belong_to(task) else {}
    if task.family == "distillation":
        reference = read_distillation_reference(folder)
        arms = {arm: reference.of(task, arm) for arm in UNITS}
        own = {arm: anchor for arm, anchor in arms.items() if anchor and anchor.split_sha256 == task.data.split_sha256}
        return {arm: units for arm, anchor in own.items() if (units := anchor.frozen_units(arm))}
    return {}


def anchors_line(anchors: dict[str, ShownAnchor]) -> str:
    """The anchors in a line, percent: `balanced random 86.00 (20 nets, standard error 0.10), oracle 90.09 (...)`."""
    return ", ".join(
        f"{anchor.title} {plain(100 * anchor.mean, 2)} ({anchor.nets} nets, standard error "
        f"{plain(100 * anchor.error, 2)})"
        for anchor in anchors.values()
    )
