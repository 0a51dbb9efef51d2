"""Protocol: accuracy by groups that are fifths of a class by a measured attribute of its images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import special

from benchmark.documents import Score
from benchmark.metrics import fair_std, macro_std
from benchmark.models.net import Net
from benchmark.passes import collect_pass, pass_identity, pass_shards, predicted_classes, score_pass
from benchmark.protocol import Arrays, Candidate, OutcomeArray, Protocol, Scored
from benchmark.replicates import mean_over_runs
from benchmark.scores import proportion_score
from benchmark.statistics import macro_std_test
from benchmark.task_registry import TaskEntry
from tasks.corruption.split import dump
from tasks.subgroup.attribute_split import OpenAttributes, freeze_attributes, open_attributes
from tasks.subgroup.grouping import (
    WEIGHT_SCALE,
    Grouping,
    GroupWeights,
    calibration_excess,
    error_ratio_score,
    group_record_cells,
    group_weights,
    spread_scores,
    worst_group_score,
)
from tasks.subgroup.image_attributes import LEVELS
from tasks.subgroup.worst_over_runs import worst_over_runs

IMAGES = "test"
"""The pass over the test part; every task that shows these pixels shares its outcome."""


class Attributes(Protocol):
    """Accuracy of the worst group, class-standardized; beside it how unlike the groups of a class are."""

    def open_split(self, entry: TaskEntry) -> OpenAttributes:
        """Verified images and their groups."""
        return open_attributes(entry)

    def freeze_split(self, entry: TaskEntry) -> str:
        """The text of a split: thresholds from one part, groups of the other."""
        return dump(freeze_attributes(entry))

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """A pass over the test images, one group a shard."""
        return [[shard] for shard in pass_shards(IMAGES, int(entry.split["count"]))]

    def shard_identity(self, entry: TaskEntry, split: OpenAttributes, shard: str) -> dict[str, Any]:
        """Passes are shared with every task that shows the same pixels."""
        return pass_identity(split.dataset.pixels_sha256, shard)

    def score_shards(
        self, entry: TaskEntry, split: OpenAttributes, net: Net, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """Logits and features; see `benchmark.passes`."""
        yield from score_pass(net, split.dataset.images, shards)

    def combine(
        self, entry: TaskEntry, split: OpenAttributes, candidate: Candidate, shards: Mapping[str, Arrays]
    ) -> Scored:
        """All scores from the logits of the pass."""
        logits = collect_pass(IMAGES, shards).logits
        predicted, labels, names = predicted_classes(logits), split.dataset.labels, entry.task.data.classes
        correct = predicted == labels
        groupings = _groupings(split)
        confidence = special.softmax(logits, axis=1)[np.arange(len(logits)), predicted]
        groups = group_weights(groupings, labels, len(names))
        cells = group_record_cells(groupings, correct, labels, names, confidence)
        for grouping in groupings:
            cells[f"attribute:{grouping.attribute}"] = _spread(grouping, correct, labels, len(names))
        primary, outcome = _worst_group(correct, groups)
        scores = {
            entry.task.primary.name: primary,
            "accuracy": proportion_score(correct),
            **spread_scores(groupings, correct, labels, len(names)),
            **error_ratio_score(correct, groups),
            **calibration_excess(cells, groups),
        }
        outcomes = {"primary": outcome, "correct": OutcomeArray(np.packbits(correct), stored="store")}
        return Scored(scores, cells, outcomes)

    def merge(self, entry: TaskEntry, split: OpenAttributes, scored: Mapping[str, Scored]) -> Scored:
        """Means over training runs, and the worst of the groups' means for the primary, as the outcomes have it."""
        merged = mean_over_runs(scored)
        labels = split.dataset.labels
        groups = group_weights(_groupings(split), labels, len(entry.task.data.classes)).only_ranked()
        correct = np.stack([_unpacked(run.outcomes["correct"].array, len(labels)) for run in scored.values()])
        value = _lowest_mean(merged.outcomes["primary"])
        worst = worst_over_runs(correct, groups, LEVELS).model_copy(update={"value": value})
        return replace(merged, scores=merged.scores | {entry.task.primary.name: worst})


def _groupings(split: OpenAttributes) -> list[Grouping]:
    levels = tuple(str(level + 1) for level in range(LEVELS))
    return [Grouping(attribute, levels, codes) for attribute, codes in split.groups.items()]


def _unpacked(bits: np.ndarray, count: int) -> np.ndarray:
    return np.unpackbits(bits, count=count).astype(np.bool_)


def _lowest_mean(outcome: OutcomeArray) -> float:
    sums = outcome.array.sum(axis=1, dtype=np.int64)
    return min(int(sums.min()) / (outcome.scale * outcome.array.shape[1]), 1.0)


def _worst_group(correct: np.ndarray, groups: GroupWeights) -> tuple[Score, OutcomeArray]:
    """The lowest class-standardized accuracy, and the outcomes of all groups: int (G, N), the score the lowest mean."""
    score = worst_group_score(correct, groups)
    weights = groups.only_ranked().weights
    outcome = OutcomeArray(np.rint(WEIGHT_SCALE * len(correct) * weights * correct).astype(np.int64), WEIGHT_SCALE)
    return score.model_copy(update={"value": _lowest_mean(outcome)}), outcome


def _spread(grouping: Grouping, correct: np.ndarray, labels: np.ndarray, classes: int) -> dict[str, float]:
    """One attribute's FairStd, MacroStd with its noise floor, and permutation p."""
    counts = grouping.counts(correct, labels, classes)
    null = macro_std_test(counts)
    return {
        "fair_std": fair_std(counts),
        "macro_std": float(macro_std(counts)),
        "macro_std_floor": null.mean,
        "permutation_p": null.p_value,
    }


PROTOCOL = Attributes()
