"""How well a score separates out-of-distribution images (OOD) from in-distribution ones (ID).

Scores are higher for images that look more OOD. Public code computes "FPR@95" with either side as the positive one
and "AUPR" with two different areas, so every name here says which. All values come from counts of images at or
beyond a score; images with equal scores are always counted together, and no float is rounded before the last division.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.dense_ranks import finite_scores

Positive = Literal["ood", "id"]
SMALLEST_TPR_STEP = 10**6  # denominators up to this make .95 mean 19/20, not the float nearest to it


@dataclass(frozen=True)
class DetectionScores:
    """All detection metrics of one OOD set, each a fraction in [0, 1].

    Higher is better except for both `fpr_at_95_*`. `tied`: share of (ID, OOD) pairs with equal scores; a large one
    says that the scores saturate or were rounded. The trapezoid areas are OpenOOD's AUPR_OUT and AUPR_IN,
    for comparison with its tables only: they are too high under ties.
    """

    auroc: float
    fpr_at_95_ood_positive: float
    fpr_at_95_id_positive: float
    average_precision_ood: float
    average_precision_id: float
    aupr_trapezoid_ood: float
    aupr_trapezoid_id: float
    tied: float


def auroc(in_scores: ArrayLike, out_scores: ArrayLike) -> float:
    """Chance in [0, 1] that an OOD image scores above an ID image, ties half; higher is better, a constant gets 1/2.

    `in_scores` (N,), `out_scores` (M,): real numbers, taken as float64. The Mann-Whitney statistic, in exact
    integers until one last division. Raises ValueError for an empty side, another shape, NaN and infinity (naming
    the first position), and for values that are not numbers.
    """
    inside, outside = _grouped(in_scores, "in_scores"), _grouped(out_scores, "out_scores")
    return _twice_won(outside, _ranks_among(outside, inside)) / (2 * inside.n * outside.n)


def fpr_at_95_ood_positive(in_scores: ArrayLike, out_scores: ArrayLike) -> float:
    """Share of ID images flagged, in [0, 1], when at least 95 % of the OOD images are caught; lower is better.

    OpenOOD's convention since August 2023. Arguments, rule and errors as in `fpr_at_tpr`.
    """
    return fpr_at_tpr(in_scores, out_scores, 0.95, "ood")


def fpr_at_95_id_positive(in_scores: ArrayLike, out_scores: ArrayLike) -> float:
    """Share of OOD images accepted, in [0, 1], when at least 95 % of the ID images are accepted; lower is better.

    The convention of Hendrycks and Gimpel (2017) and of most papers on CLIP, whose code however takes the recall
    nearest to 95 % or interpolates. Arguments, rule and errors as in `fpr_at_tpr`.
    """
    return fpr_at_tpr(in_scores, out_scores, 0.95, "id")


def fpr_at_tpr(in_scores: ArrayLike, out_scores: ArrayLike, tpr: float = 0.95, positive: Positive = "ood") -> float:
    """Share of the other side that enters, in [0, 1], once at least `tpr` of the positive side is in; lower is better.

    The threshold is an order statistic, the strictest observed score that lets at least `tpr` of the positive
    side in; everything tied with it enters too, so a constant detector gets 1. No interpolation: between two scores
    there is no image to flag. `tpr` is in (0, 1], read as the decimal it was written as. Other arguments
    and errors as in `auroc`; ValueError too for another `tpr` or `positive`.
    """
    if not 0 < tpr <= 1:
        raise ValueError(f"tpr: a fraction in (0, 1], but got {tpr}")
    if positive not in ("ood", "id"):
        raise ValueError(f"positive: 'ood' or 'id', but got {positive!r}")
    share = Fraction(tpr).limit_denominator(SMALLEST_TPR_STEP)
    inside, outside = _grouped(in_scores, "in_scores"), _grouped(out_scores, "out_scores")
    return _flagged(inside, outside, share) if positive == "ood" else _accepted(inside, outside, share)


def average_precision(in_scores: ArrayLike, out_scores: ArrayLike, positive: Positive = "ood") -> float:
    """Average precision (step area) in [0, 1] with OOD or ID as the positive side; higher is better.

    The mean over positive images of the precision at their score; a constant gets the share of positive images
    among all, so values of sets of different sizes do not compare. scikit-learn's `average_precision_score`.
    Arguments and errors as in `auroc`, and ValueError for another `positive`.
    """
    return _both_areas(in_scores, out_scores, positive)[0]


def aupr_trapezoid(in_scores: ArrayLike, out_scores: ArrayLike, positive: Positive = "ood") -> float:
    """OpenOOD's AUPR_OUT (positive "ood") or AUPR_IN ("id"), in [0, 1]; higher is better.

    The trapezoid area under precision over recall, which interpolates where no threshold exists: a constant gets
    halfway between 1 and the share of positive images. Kept for comparison with OpenOOD's tables; use
    `average_precision` otherwise. Arguments and errors as there.
    """
    return _both_areas(in_scores, out_scores, positive)[1]


def detection_scores(in_scores: ArrayLike, out_scores: ArrayLike) -> DetectionScores:
    """All detection metrics of one OOD set from one sort of each side. Arguments and errors as in `auroc`."""
    return _all_scores(_grouped(in_scores, "in_scores"), _grouped(out_scores, "out_scores"))


def detection_scores_by_set(in_scores: ArrayLike, out_scores: Mapping[str, ArrayLike]) -> dict[str, DetectionScores]:
    """As `detection_scores` for every OOD set against the same ID images, which are sorted once.

    `out_scores`: set name to scores; the result keeps its order. Errors as in `auroc`, naming the set.
    """
    inside = _grouped(in_scores, "in_scores")
    return {name: _all_scores(inside, _grouped(scores, f"out_scores {name}")) for name, scores in out_scores.items()}


class _Grouped(NamedTuple):
    """One side by distinct score: `values` float64 (G,) ascending, `below` int64 (G + 1,) counts of lower scores."""

    values: NDArray[np.float64]
    below: NDArray[np.int64]

    @property
    def n(self) -> int:
        return int(self.below[-1])


class _Ranks(NamedTuple):
    """For each distinct score of one side, how many images of the other score lower, and lower or equal."""

    below: NDArray[np.int64]
    up_to: NDArray[np.int64]


def _grouped(scores: ArrayLike, name: str) -> _Grouped:
    array = np.sort(finite_scores(scores, name))
    starts = np.flatnonzero(np.concatenate([[True], array[1:] != array[:-1]]))
    return _Grouped(array[starts], np.append(starts, len(array)))


def _ranks_among(side: _Grouped, other: _Grouped) -> _Ranks:
    place = np.searchsorted(other.values, side.values)
    equal = other.values[np.minimum(place, len(other.values) - 1)] == side.values
    return _Ranks(other.below[place], other.below[place + equal])


def _twice_won(outside: _Grouped, among_inside: _Ranks) -> int:
    """Twice the number of pairs in which the OOD image scores higher, a tie counted as half a pair."""
    return int(np.dot(np.diff(outside.below), among_inside.below + among_inside.up_to))


def _flagged(inside: _Grouped, outside: _Grouped, share: Fraction) -> float:
    caught = -(-outside.n * share.numerator // share.denominator)
    group = np.searchsorted(outside.below, outside.n - caught, side="right") - 1
    threshold = outside.values[group]
    return (inside.n - int(inside.below[np.searchsorted(inside.values, threshold)])) / inside.n


def _accepted(inside: _Grouped, outside: _Grouped, share: Fraction) -> float:
    kept = -(-inside.n * share.numerator // share.denominator)
    group = np.searchsorted(inside.below, kept - 1, side="right") - 1
    threshold = inside.values[group]
    return int(outside.below[np.searchsorted(outside.values, threshold, side="right")]) / outside.n


def _both_areas(in_scores: ArrayLike, out_scores: ArrayLike, positive: Positive) -> tuple[float, float]:
    inside, outside = _grouped(in_scores, "in_scores"), _grouped(out_scores, "out_scores")
    if positive == "ood":
        return _ood_areas(inside, outside, _ranks_among(outside, inside))
    if positive == "id":
        return _id_areas(inside, _ranks_among(inside, outside))
    raise ValueError(f"positive: 'ood' or 'id', but got {positive!r}")


def _ood_areas(inside: _Grouped, outside: _Grouped, among_inside: _Ranks) -> tuple[float, float]:
    """Step and trapezoid area with OOD positive: thresholds go down from the highest score."""
    entered = inside.n - among_inside.below
    entered_before = inside.n - among_inside.up_to
    return _areas(outside.n - outside.below[:-1], outside.n - outside.below[1:], entered, entered_before)


def _id_areas(inside: _Grouped, among_outside: _Ranks) -> tuple[float, float]:
    """Step and trapezoid area with ID positive: thresholds go up from the lowest score."""
    return _areas(inside.below[1:], inside.below[:-1], among_outside.up_to, among_outside.below)


def _areas(
    hits: NDArray[np.int64], hits_before: NDArray[np.int64], alarms: NDArray[np.int64], alarms_before: NDArray[np.int64]
) -> tuple[float, float]:
    """Areas from positives and negatives let in at each positive score, and just before it; (G,) each."""
    new = hits - hits_before
    precision = hits / (hits + alarms)
    let_in_before = hits_before + alarms_before
    precision_before = np.where(let_in_before > 0, hits_before / np.maximum(let_in_before, 1), 1.0)
    positives = int(new.sum())
    step = float((new * precision).sum()) / positives
    return step, float((new * (precision + precision_before)).sum()) / (2 * positives)


def _all_scores(inside: _Grouped, outside: _Grouped) -> DetectionScores:
    among_inside, among_outside = _ranks_among(outside, inside), _ranks_among(inside, outside)
    pairs = inside.n * outside.n
    ood_step, ood_trapezoid = _ood_areas(inside, outside, among_inside)
    id_step, id_trapezoid = _id_areas(inside, among_outside)
    share = Fraction(95, 100)
    return DetectionScores(
        auroc=_twice_won(outside, among_inside) / (2 * pairs),
        fpr_at_95_ood_positive=_flagged(inside, outside, share),
        fpr_at_95_id_positive=_accepted(inside, outside, share),
        average_precision_ood=ood_step,
        average_precision_id=id_step,
        aupr_trapezoid_ood=ood_trapezoid,
        aupr_trapezoid_id=id_trapezoid,
        tied=int(np.dot(np.diff(outside.below), among_inside.up_to - among_inside.below)) / pairs,
    )
