"""Groups of test images, and what a record says about them: cells, worst group, spread, error ratio, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.documents import Score
from benchmark.metrics import (
    GroupCells,
    cell_of_images,
    confidence_histogram,
    expected_calibration_error,
    expected_calibration_error_floor,
    fair_std,
    group_cells,
    macro_std,
    ranked_groups,
    standardizing_weights,
)
from benchmark.protocol import OutcomeArray
from benchmark.scores import CONFIDENCE, interval_score
from benchmark.statistics import Interval, fair_std_interval, largest_error_ratio, macro_std_test
from benchmark.statistics.group_spread import PERMUTATIONS
from benchmark.statistics.weighted_means import weighted_mean_interval, worst_weighted_interval

WEIGHT_SCALE = 10**9
"""Of outcomes with a weight folded in: rounding moves a score by less than 1e-9."""


@dataclass(frozen=True)
class Grouping:
    """One attribute of the test images."""

    attribute: str
    levels: tuple[str, ...]
    codes: np.ndarray
    """The level of each image: int64 (N,)."""

    def shape(self, classes: int) -> tuple[int, int]:
        """Of the class x group cells."""
        return classes, len(self.levels)

    def counts(self, correct: np.ndarray, labels: np.ndarray, classes: int) -> GroupCells:
        """Images and right answers of the class x group cells; correct: bool (N,)."""
        return group_cells(correct, labels, self.codes, self.shape(classes))


@dataclass(frozen=True)
class GroupWeights:
    """Every group of some groupings, with the weights of its class-standardized mean.

    names: (attribute, level) of each group. labels: int64 (N,). weights: float64 (G, N), rows with the sum 1, or 0 for
    a group without a cell that is large enough; wholes: the same for all images of the group's classes. ranked: bool
    (G,), large enough to be called the worst.
    """

    names: list[tuple[str, str]]
    labels: np.ndarray
    weights: np.ndarray
    wholes: np.ndarray
    ranked: np.ndarray

    def only_ranked(self) -> GroupWeights:
        """The groups that may be called the worst."""
        kept = self.ranked
        names = [name for name, keep in zip(self.names, kept, strict=True) if keep]
        return GroupWeights(names, self.labels, self.weights[kept], self.wholes[kept], kept[kept])


def group_weights(groupings: Sequence[Grouping], labels: np.ndarray, classes: int) -> GroupWeights:
    """The groups of all groupings, in their order; labels: int64 (N,)."""
    names, weights, wholes, ranked = [], [], [], []
    class_sizes = np.bincount(labels, minlength=classes)
    of_label = (labels[:, None] == np.arange(classes)).astype(np.float64)
    for grouping in groupings:
        own = standardizing_weights(labels, grouping.codes, grouping.shape(classes))
        held = (own @ of_label) > 0
        share = held / np.maximum(held.sum(axis=1, keepdims=True), 1) / np.maximum(class_sizes, 1)
        names += [(grouping.attribute, level) for level in grouping.levels]
        weights.append(own)
        wholes.append(share[:, labels])
        ranked.append(ranked_groups(grouping.counts(np.zeros(len(labels), dtype=bool), labels, classes)))
    return GroupWeights(names, labels, np.concatenate(weights), np.concatenate(wholes), np.concatenate(ranked))


def group_record_cells(
    groupings: Sequence[Grouping],
    correct: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str],
    confidence: np.ndarray | None = None,
) -> dict[str, dict[str, float]]:
    """A record's cells: each group, and each class in each group; an empty one is left out.

    correct: bool (N,), or float (N,) in [0, 1] for shares over versions of an image. confidence: float (N,) of the
    predicted classes, for the calibration of each group. The accuracy of a group is class-standardized, with its own
    interval; `raw_accuracy` is the plain share.
    """
    groups = group_weights(groupings, labels, len(class_names))
    found: dict[str, dict[str, float]] = {}
    by_attribute = {grouping.attribute: grouping for grouping in groupings}
    for weights, (attribute, level) in zip(groups.weights, groups.names, strict=True):
        grouping = by_attribute[attribute]
        members = grouping.codes == grouping.levels.index(level)
        if not members.any():
            continue
        cell: dict[str, float] = {"n": float(members.sum()), "raw_accuracy": float(correct[members].mean())}
        if weights.any():
            interval = weighted_mean_interval(correct, weights, labels, CONFIDENCE)
            accuracy = min(max(float(weights @ correct), 0.0), 1.0)
            cell |= {"accuracy": accuracy, "lower": interval.lower, "upper": interval.upper}
        if confidence is not None:
            cell |= _calibration(confidence[members], correct[members])
        found[f"group:{attribute}/{level}"] = cell
        for label, name in enumerate(class_names):
            both = members & (labels == label)
            if both.any():
                own = {"accuracy": float(correct[both].mean()), "n": float(both.sum())}
                found[f"class:{name}/group:{attribute}/{level}"] = own
    return found


def weighted_outcome(per_image: np.ndarray, weights: np.ndarray) -> tuple[OutcomeArray, float]:
    """Outcomes whose mean over their scale is sum(weights x per_image), and that mean; per_image in [0, 1]."""
    n = len(per_image)
    folded = np.rint(WEIGHT_SCALE * n * weights * per_image).astype(np.int64)
    array = folded.astype(np.min_scalar_type(int(folded.max(initial=0))))
    return OutcomeArray(array, WEIGHT_SCALE), min(int(folded.sum()) / (WEIGHT_SCALE * n), 1.0)


def group_balanced_score(
    per_image: np.ndarray, grouping: Grouping, labels: np.ndarray, classes: int
) -> tuple[Score, OutcomeArray]:
    """Mean over groups of their class-standardized means, with the outcomes behind it.

    per_image: bool or float (N,), in [0, 1].
    """
    shape = grouping.shape(classes)
    weights = standardizing_weights(labels, grouping.codes, shape).mean(axis=0)
    outcome, value = weighted_outcome(per_image, weights)
    interval = weighted_mean_interval(per_image, weights, cell_of_images(labels, grouping.codes, shape), CONFIDENCE)
    return interval_score(value, interval, len(per_image)), outcome


def worst_group_score(per_image: np.ndarray, groups: GroupWeights) -> Score:
    """The lowest class-standardized mean of the ranked groups, with an interval for the true lowest."""
    worst = worst_weighted_interval(per_image, groups.only_ranked().weights, groups.labels, CONFIDENCE)
    return interval_score(worst.mean, worst.interval, len(per_image))


def spread_scores(
    groupings: Sequence[Grouping],
    correct: np.ndarray,
    labels: np.ndarray,
    classes: int,
    permutations: int = PERMUTATIONS,
) -> dict[str, Score]:
    """FairStd and MacroStd with its noise floor, means over groupings; the permutation p where there is one grouping.

    correct: bool (N,), or (groupings, N) for versions of the images. The groupings have equally many levels. The mean
    of FairStd is the root of the mean variance.
    """
    codes = np.stack([grouping.codes for grouping in groupings])
    answers = np.broadcast_to(correct, codes.shape)
    counts = [each.counts(hits, labels, classes) for each, hits in zip(groupings, answers, strict=True)]
    together = GroupCells(*(np.stack(parts) for parts in zip(*counts, strict=True)))
    interval = fair_std_interval(answers, labels, codes, groupings[0].shape(classes), CONFIDENCE)
    tests = [macro_std_test(cells, permutations) for cells in counts]
    scores = {
        "fair_std": interval_score(fair_std(together), interval, len(labels)),
        "macro_std": Score(value=float(macro_std(together).mean()), n=len(labels)),
        "macro_std_floor": Score(value=float(np.mean([test.mean for test in tests])), n=len(labels)),
    }
    if len(tests) == 1:
        scores["permutation_p"] = Score(value=tests[0].p_value, n=len(labels))
    return scores


def error_ratio_score(correct: np.ndarray, groups: GroupWeights) -> dict[str, Score]:
    """The largest error of a ranked group in percent of that of its classes; missing where a class has no error.

    correct: bool (N,).
    """
    ranked = groups.only_ranked()
    cells = 2 * groups.labels + (ranked.weights > 0)  # the group's images of a class, and the others
    largest = largest_error_ratio(~correct, ranked.weights, ranked.wholes, cells, CONFIDENCE)
    if largest is None:
        return {}
    percent = Interval(100 * largest.interval.lower, 100 * largest.interval.upper)
    return {"error_ratio": interval_score(100 * largest.ratio, percent, len(correct))}


def calibration_excess(cells: dict[str, dict[str, float]], groups: GroupWeights) -> dict[str, Score]:
    """ECE above its noise floor, mean over the ranked groups; missing where the record's cells have no ECE."""
    names = [f"group:{attribute}/{level}" for attribute, level in groups.only_ranked().names]
    above = [
        cells[name]["expected_calibration_error"] - cells[name]["expected_calibration_error_floor"]
        for name in names
        if "expected_calibration_error" in cells[name]
    ]
    if len(above) < len(names) or not names:
        return {}
    return {"calibration_excess": Score(value=float(np.mean(above)))}


def _calibration(confidence: np.ndarray, correct: np.ndarray) -> dict[str, float]:
    histogram = confidence_histogram(confidence, correct)
    return {
        "expected_calibration_error": expected_calibration_error(histogram),
        "expected_calibration_error_floor": expected_calibration_error_floor(histogram),
    }
