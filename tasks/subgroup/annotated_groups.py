"""Protocol: accuracy by annotated groups of the test images, such as the colour of their background."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from benchmark.models.net import Net
from benchmark.passes import collect_pass, pass_identity, pass_shards, predicted_classes, score_pass
from benchmark.protocol import Arrays, Candidate, OutcomeArray, Protocol, Scored
from benchmark.scores import proportion_score
from benchmark.submitted import read_predictions
from benchmark.task_registry import TaskEntry
from tasks.corruption.split import dump
from tasks.subgroup.annotations import OpenAnnotations, freeze_annotations, open_annotations, settings_of
from tasks.subgroup.grouping import (
    calibration_excess,
    error_ratio_score,
    group_balanced_score,
    group_record_cells,
    group_weights,
    spread_scores,
    worst_group_score,
)


class AnnotatedGroups(Protocol):
    """Group-balanced accuracy, and beside it the worst group, the spread between groups, and its noise."""

    def open_split(self, entry: TaskEntry) -> OpenAnnotations:
        """Labels and groups; images are loaded when a checkpoint asks for them."""
        return open_annotations(entry)

    def freeze_split(self, entry: TaskEntry) -> str:
        """The text of a split that pins the table of groups and the images found on this machine."""
        return dump(freeze_annotations(entry, settings_of(entry)))

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """A pass over the test images, one group a shard."""
        split = self.open_split(entry)
        return [[shard] for shard in pass_shards(split.set_name, len(split.labels))]

    def shard_identity(self, entry: TaskEntry, split: OpenAnnotations, shard: str) -> dict[str, Any]:
        """Passes are shared with every task that shows the same pixels."""
        return pass_identity(split.images.pixels_sha256, shard)

    def score_shards(
        self, entry: TaskEntry, split: OpenAnnotations, net: Net, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """Logits and features; see `benchmark.passes`."""
        yield from score_pass(net, split.images.images, shards)

    def probe(self, entry: TaskEntry, split: OpenAnnotations) -> np.ndarray:
        """Test images, uint8 (N, H, W, C)."""
        return split.images.images

    def submitted_sets(self, entry: TaskEntry, split: OpenAnnotations) -> Mapping[str, np.ndarray]:
        """The test set, each image by its position in the official order."""
        return {split.set_name: np.arange(len(split.labels))}

    def submitted(self, entry: TaskEntry, split: OpenAnnotations, path: Path) -> Mapping[str, Arrays]:
        """The predicted classes, int64 (N,), checked image by image."""
        split.forget_images()
        found = read_predictions(path, self.submitted_sets(entry, split), len(entry.task.data.classes))
        return {name: {"predicted": classes} for name, classes in found.items()}

    def combine(
        self, entry: TaskEntry, split: OpenAnnotations, candidate: Candidate, shards: Mapping[str, Arrays]
    ) -> Scored:
        """All scores from the predicted classes; calibration where there are logits."""
        predicted, confidence = _answers(split.set_name, shards)
        labels, grouping, names = split.labels, split.grouping, entry.task.data.classes
        correct = predicted == labels
        groups = group_weights([grouping], labels, len(names))
        cells = group_record_cells([grouping], correct, labels, names, confidence)
        primary, outcome = group_balanced_score(correct, grouping, labels, len(names))
        scores = {
            entry.task.primary.name: primary,
            "worst_group_accuracy": worst_group_score(correct, groups),
            "accuracy": proportion_score(correct),
            **spread_scores([grouping], correct, labels, len(names)),
            **error_ratio_score(correct, groups),
            **calibration_excess(cells, groups),
        }
        outcomes = {"primary": outcome, "correct": OutcomeArray(np.packbits(correct))}
        return Scored(scores, cells, outcomes)


def _answers(name: str, shards: Mapping[str, Arrays]) -> tuple[np.ndarray, np.ndarray | None]:
    """Predicted classes, int64 (N,), and their probabilities, float64 (N,), where a net was run."""
    if name in shards:
        return shards[name]["predicted"], None
    logits = collect_pass(name, shards).logits
    predicted = predicted_classes(logits)
    return predicted, special.softmax(logits, axis=1)[np.arange(len(logits)), predicted]


PROTOCOL = AnnotatedGroups()
