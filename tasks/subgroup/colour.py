"""Protocol: every test image on every background, and right only where it is right on all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmark.documents import Score
from benchmark.metrics import right_in_all, same_in_all
from benchmark.models.net import Net
from benchmark.protocol import Arrays, Candidate, OutcomeArray, Protocol, Scored
from benchmark.scores import CONFIDENCE, interval_score, mean_score, proportion_score
from benchmark.statistics import Interval, mean_interval, simultaneous_mean_intervals, wilson_interval, worst_interval
from benchmark.task_registry import TaskEntry
from tasks.corruption.split import dump
from tasks.subgroup.colour_split import OpenBackgrounds, freeze_backgrounds, open_backgrounds


class Backgrounds(Protocol):
    """Share of images right on all backgrounds; beside it what the background of the class is worth."""

    def open_split(self, entry: TaskEntry) -> OpenBackgrounds:
        """The grey images and the hashes of the ten scored sets."""
        return open_backgrounds(entry)

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """One shard a background."""
        return [[name] for name in entry.split["backgrounds"]]

    def shard_identity(self, entry: TaskEntry, split: OpenBackgrounds, shard: str) -> dict[str, Any]:
        """The pixels of the set; what is decided on them depends on nothing else of the task."""
        return {"decisions": 1, "images": split.frozen.backgrounds[shard]}

    def score_shards(
        self, entry: TaskEntry, split: OpenBackgrounds, net: Net, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """Per background: the predicted classes, unsigned (N,)."""
        smallest = np.min_scalar_type(len(entry.task.data.classes) - 1)
        for name, images in split.sets(shards):
            yield name, {"predicted": net.decide(images, f"{entry.task.id} on {name}").predicted.astype(smallest)}

    def combine(
        self, entry: TaskEntry, split: OpenBackgrounds, candidate: Candidate, shards: Mapping[str, Arrays]
    ) -> Scored:
        """All scores from the decisions on each background; the base image is the unit of every interval."""
        names = list(split.frozen.backgrounds)
        predicted = np.stack([shards[name]["predicted"] for name in names])
        right = predicted == split.labels
        everywhere = right_in_all(right)
        aligned = right[split.labels, np.arange(len(everywhere))]
        conflicting = (right.sum(axis=0) - aligned) / (len(names) - 1)
        worst = worst_interval(right.T, CONFIDENCE)
        classes = entry.task.data.classes
        scores = {
            entry.task.primary.name: proportion_score(everywhere),
            "mean_accuracy": mean_score(right.mean(axis=0)),
            "aligned_accuracy": proportion_score(aligned),
            "conflicting_accuracy": mean_score(conflicting),
            "background_gap": _gap(aligned, conflicting),
            "background_consistency": proportion_score(same_in_all(predicted)),
            "worst_background_accuracy": interval_score(worst.mean, worst.interval, len(everywhere)),
            "worst_cell_accuracy": _worst_cell(right, split.labels, len(classes)),
        }
        outcomes = {
            "primary": OutcomeArray(everywhere.astype(np.uint8)),
            "predicted": OutcomeArray(predicted, stored="store"),
        }
        return Scored(scores, _cells(right, split.labels, names, classes), outcomes)

    def freeze_split(self, entry: TaskEntry) -> str:
        """The split over all test images."""
        return dump(freeze_backgrounds(entry))


def _gap(aligned: np.ndarray, conflicting: np.ndarray) -> Score:
    """Mean difference in [-1, 1], each image with itself."""
    apart = aligned - conflicting
    interval = mean_interval((apart + 1) / 2, CONFIDENCE)
    return interval_score(float(apart.mean()), Interval(2 * interval.lower - 1, 2 * interval.upper - 1), len(apart))


def _worst_cell(right: np.ndarray, labels: np.ndarray, classes: int) -> Score:
    """The lowest accuracy of one class on one background, from intervals of all of them that hold together."""
    ends, lowest = [], (2.0, 0)
    held = [label for label in range(classes) if (labels == label).any()]
    each = CONFIDENCE ** (1 / (len(held) * len(right)))
    for label in held:
        own = right[:, labels == label]
        ends += [wilson_interval(int(hits.sum()), len(hits), each) for hits in own]
        lowest = min(lowest, (float(own.mean(axis=1).min()), own.shape[1]))
    interval = Interval(min(end.lower for end in ends), min(end.upper for end in ends))
    return interval_score(lowest[0], interval, lowest[1])


def _cells(
    right: np.ndarray, labels: np.ndarray, names: Sequence[str], classes: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Accuracy of each background, with intervals that hold together, and of each class on it."""
    cells: dict[str, dict[str, float]] = {}
    intervals = simultaneous_mean_intervals(right.T, CONFIDENCE)
    for name, hits, interval in zip(names, right, intervals, strict=True):
        cells[f"group:background/{name}"] = {
            "accuracy": float(hits.mean()),
            "n": float(len(hits)),
            "lower": interval.lower,
            "upper": interval.upper,
        }
        for place, label in enumerate(classes):
            own = hits[labels == place]
            if len(own):
                cells[f"class:{label}/group:background/{name}"] = {"accuracy": float(own.mean()), "n": float(len(own))}
    return cells


PROTOCOL = Backgrounds()
