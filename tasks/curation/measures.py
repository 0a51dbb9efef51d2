"""Scores of the nets trained on one choice: what each net got right, and the numbers of the whole group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.contamination.leak_gap import leak_gap_score
from benchmark.contamination.near_duplicates import far_from_training
from benchmark.documents import Score
from benchmark.metrics import class_accuracies, class_balance
from benchmark.protocol import Arrays
from benchmark.scores import CONFIDENCE, interval_score, runs_and_images_score
from benchmark.statistics import Interval, replicate_interval
from tasks.curation.chosen import Chosen
from tasks.curation.split import OpenCuration

PLAN = "standard"


@dataclass(frozen=True, eq=False)
class Judged:
    """What R nets said.

    right: bool (R, N), on the test images. corrupted: float64 (R, cells), accuracy on each corrupted cell. watched:
    bool (R, W), on the watched training images. loss: float64 (R,), of the last epoch.
    """

    right: np.ndarray
    corrupted: np.ndarray
    watched: np.ndarray
    loss: np.ndarray

    @property
    def accuracies(self) -> np.ndarray:
        """Test accuracy of each net: float64 (R,)."""
        return self.right.mean(axis=1)


def judged(split: OpenCuration, shards: Mapping[str, Arrays]) -> Judged:
    """What the nets said, in the order of their seeds' runs."""
    nets = [arrays for name, arrays in shards.items() if name.startswith(f"{PLAN}/")]
    watched = len(split.entry.task.data.classes) * split.settings.watched_per_class
    return Judged(
        right=np.stack([net["predicted"] for net in nets]) == split.labels,
        corrupted=np.stack([net["corrupted_right"] for net in nets]) / split.frozen.count,
        watched=np.stack([np.unpackbits(net["watched_right"], count=watched) for net in nets]).astype(bool),
        loss=np.array([float(net["train_loss"][0]) for net in nets]),
    )


def runs_score(per_run: np.ndarray) -> Score:
    """A mean over training runs, float64 (R,), with its interval over training runs."""
    return interval_score(float(per_run.mean()), replicate_interval(per_run, CONFIDENCE), len(per_run), "training runs")


def worst_class_score(right: np.ndarray, labels: np.ndarray, classes: int) -> Score:
    """The lowest of the class accuracies, each a mean over runs.

    The interval runs from the lowest lower to the lowest upper end of intervals that hold for all classes together
    (Bonferroni). The mean of each run's own worst class would be lower: every run has bad luck somewhere. Classes
    without test images are left out.
    """
    present = [label for label in range(classes) if (labels == label).any()]
    each = 1 - (1 - CONFIDENCE) / len(present)
    scores = [runs_and_images_score(right[:, labels == label], each) for label in present]
    value, n = min(score.value for score in scores), right.shape[1]
    lower = [score.lower for score in scores if score.lower is not None]
    upper = [score.upper for score in scores if score.upper is not None]
    if len(lower) < len(present):
        return Score(value=value, n=n)
    return interval_score(value, Interval(min(lower), min(upper)), n, scores[0].covers or "both")


def common_scores(split: OpenCuration, chosen: Chosen, nets: Judged, shown: np.ndarray) -> dict[str, Score]:
    """The scores that every curation task has, whatever its pool.

    shown: bool (W,), the watched images that the set shows.
    """
    classes = len(split.entry.task.data.classes)
    scores = {
        "accuracy": runs_and_images_score(nets.right),
        "worst_class_accuracy": worst_class_score(nets.right, split.labels, classes),
        "mean_corruption_accuracy": runs_score(nets.corrupted.mean(axis=1)),
        "distinct_images": Score(value=float(len(chosen))),
        "effective_images": Score(value=chosen.effective_images),
        "class_balance": Score(value=class_balance(chosen.labels, classes, chosen.weights)),
    }
    if split.frozen.canary.ids:
        scores["canary_accuracy"] = runs_and_images_score(nets.right[:, split.frozen.canary.ids])
    if gap := leak_gap_score(nets.right, nets.watched[:, ~shown]):
        scores["leak_gap"] = gap
    if (apart := far_from_training(split.dataset.name, split.frozen.tested)) is not None:
        scores["accuracy_without_near_duplicates"] = runs_and_images_score(nets.right[:, apart])
    return scores


def common_cells(split: OpenCuration, chosen: Chosen, nets: Judged) -> dict[str, dict[str, float]]:
    """Accuracy and share of the choice by class, accuracy of each corrupted cell, and what each net did."""
    names = split.entry.task.data.classes
    counts = np.bincount(split.labels, minlength=len(names))
    mass = np.bincount(chosen.labels, chosen.weights, minlength=len(names))
    by_class = np.mean([class_accuracies(right, split.labels, len(names)) for right in nets.right], axis=0)
    cells = {
        f"group:class/{name}": {"n": float(count), "accuracy": float(accuracy)}
        for name, count, accuracy in zip(names, counts, by_class, strict=True)
        if count
    }
    shares = mass / mass.sum()
    cells |= {f"chosen:class/{name}": {"share": float(share)} for name, share in zip(names, shares, strict=True)}
    cells |= {
        cell: {"accuracy": float(accuracy)}
        for cell, accuracy in zip(split.settings.cells, nets.corrupted.mean(axis=0), strict=True)
    }
    for run, (accuracy, loss) in enumerate(zip(nets.accuracies, nets.loss, strict=True), 1):
        cells[f"run:{run}"] = {"accuracy": float(accuracy), "train_loss": float(loss)}
    return cells
