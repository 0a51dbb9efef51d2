"""Variance, intervals and pair tests of AUROC, of one OOD set or of a mean over sets and parts, without resampling.

An AUROC is a mean over pairs of one in-distribution (ID) and one out-of-distribution (OOD) image. Its variance comes
from the placements: for each image, the share of the other side that it is on the right side of. Sets that
share their ID images, and parts in which one image occurs several times, add up by image before they are squared.
Source: DeLong, DeLong and Clarke-Pearson (1988), "Comparing the areas under two or more correlated receiver
operating characteristic curves: a nonparametric approach"; placements by sorting as in Sun and Xu (2014),
"Fast implementation of DeLong's algorithm". Scores or dense ranks serve equally; higher means more OOD.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.statistics.interval import Interval, check_confidence, student_p_value, student_quantile
from benchmark.statistics.means import finite_vector
from benchmark.statistics.paired import PairTest
from benchmark.statistics.proportion import wilson_interval

UNIFORM_VARIANCE = 1 / 12  # of the placements of images that a score cannot tell apart


class Placements(NamedTuple):
    """Twice the number of images of the other side that each image is right about, ties half: int64 (N,) and (M,).

    `twice_in`: OOD images that score above each ID image; `twice_out`: ID images that score below each OOD image.
    Both sum to the same number, and AUROC is that over 2 N M.
    """

    twice_in: NDArray[np.int64]
    twice_out: NDArray[np.int64]


class Part(NamedTuple):
    """Scores of one ID set and of the OOD sets held against it, with the number of each image.

    `in_scores`: (N,), `in_units`: integer (N,). `out`: one (scores (M,), units (M,)) for each OOD set. An image that
    occurs in several sets or parts has one number everywhere and is drawn as one.
    """

    in_scores: ArrayLike
    in_units: ArrayLike
    out: Sequence[tuple[ArrayLike, ArrayLike]]


def distinct_images(in_scores: ArrayLike, out_scores: Sequence[ArrayLike]) -> Part:
    """One part in which no image occurs twice: ID images are numbered first, then the OOD sets in order."""
    ends = np.cumsum([np.size(in_scores), *(np.size(scores) for scores in out_scores)])
    units = np.split(np.arange(ends[-1]), ends[:-1])
    return Part(in_scores, units[0], list(zip(out_scores, units[1:], strict=True)))


def placements(in_scores: ArrayLike, out_scores: ArrayLike) -> Placements:
    """The placements of all ID and OOD images in their order, exact integers, in O((N + M) log (N + M)).

    `in_scores` (N,), `out_scores` (M,). Raises ValueError for an empty side, another shape, NaN and infinity.
    """
    inside, outside = _side(in_scores, "in_scores"), _side(out_scores, "out_scores")
    in_order, out_order = np.sort(inside), np.sort(outside)
    not_above = np.searchsorted(out_order, inside, "left") + np.searchsorted(out_order, inside, "right")
    below = np.searchsorted(in_order, outside, "left") + np.searchsorted(in_order, outside, "right")
    return Placements(2 * len(outside) - not_above, below)


def auroc_interval(in_scores: ArrayLike, out_scores: ArrayLike, confidence: float = 0.95) -> Interval:
    """Interval of one AUROC over draws of ID and OOD images, inside [0, 1]. As `mean_auroc_interval` for one set."""
    return mean_auroc_interval([distinct_images(in_scores, [out_scores])], confidence)


def mean_auroc_interval(parts: Sequence[Part], confidence: float = 0.95) -> Interval:
    """Interval of the mean over parts of the mean over OOD sets of the AUROC, over draws of images, inside [0, 1].

    Wilson's interval with the number of images that gives DeLong's variance, so that it stays inside [0, 1] and is
    longer towards 1/2. We deviate in two points. The variance counts, for each set and side, one imagined image
    of n whose placement varies as much as that of a useless score (1/12): where few images are misplaced, those
    not yet seen decide. And it never exceeds that of right-or-wrong answers of the same mean, which also gives
    the interval of a perfect and of an inverted detector: Wilson's with N M / (N + M) images.

    Arguments and errors as in `auroc_pseudo_values`, and ValueError for confidence outside (0, 1).
    """
    check_confidence(confidence)
    found = _influence(parts)
    spread = found.value * (1 - found.value)
    variance = float((found.deviations**2).sum()) + UNIFORM_VARIANCE * found.one_image_variance
    images = max(1 / float((found.weights**2).sum()), spread / variance)
    return wilson_interval(found.value * images, images, confidence)


def auroc_pair_test(first: Sequence[Part], second: Sequence[Part], confidence: float = 0.95) -> PairTest:
    """Difference in [-1, 1] of two submissions' mean AUROC on the same images, its interval and two-sided p-value.

    DeLong's test of correlated areas for one set; for means over sets and parts with the covariances of shared
    images. Student t with the smallest side's number of images minus one. Two submissions with equal placements
    are a tie: difference 0, interval [0, 0], p = 1. The variance counts, for each set and side, one imagined image
    on which the two agree, so that a difference without any spread in a handful of images never looks certain.
    A side of one image gives the interval (nan, nan) and p = 1.

    `first`, `second`: parts as in `auroc_pseudo_values` with the same units; higher AUROC is better. Raises
    ValueError where the units differ, and as there.
    """
    check_confidence(confidence)
    a, b = _influence(first), _influence(second)
    if len(a.units) != len(b.units) or not all(map(np.array_equal, a.units, b.units)):
        raise ValueError("second: the same images in the same order as first, but the units differ")
    if np.array_equal(a.deviations, b.deviations) and a.value == b.value:
        return PairTest(0.0, 0.0, 0.0, 1.0, 0.0)
    difference = a.value - b.value
    degrees = min(len(side) for side in a.units) - 1
    if degrees == 0:
        return PairTest(difference, math.nan, math.nan, 1.0, 0.0)
    variance = float(((a.deviations - b.deviations) ** 2).sum()) + difference**2 * a.one_image_variance
    error = math.sqrt(variance)
    half = student_quantile(confidence, degrees) * error
    statistic = difference / error
    lower, upper = max(-1.0, difference - half), min(1.0, difference + half)
    return PairTest(difference, lower, upper, student_p_value(statistic, degrees), statistic)


def auroc_pseudo_values(parts: Sequence[Part], units: int) -> NDArray[np.float64]:
    """One number for each image: float64 (units,), whose mean is the mean AUROC; they may leave [0, 1].

    The mean is that over parts of the mean over OOD sets of the AUROC, up to rounding; the variance (with
    units - 1) over `units` is DeLong's, with the covariances of images that occur in several sets and parts. So they
    serve wherever scores of images do: in tests and rank intervals of many rows on the same images.

    `parts`: at least one, each with at least one OOD set. `units`: how many images there are; all unit numbers are
    in 0..units - 1. An image that occurs nowhere gets the mean. A side of one image adds no variance.
    Raises ValueError for an empty side, unequal lengths, NaN and infinity, and unit numbers outside.
    """
    found = _influence(parts, units)
    return found.value + math.sqrt(units * (units - 1)) * found.deviations


@dataclass(frozen=True)
class _Influence:
    """What each image adds to the mean AUROC.

    `deviations`: float64 (units,), whose sum of squares is DeLong's variance and whose sum is 0. `weights`: the largest
    possible change by each image. `one_image_variance`: the sum of squared weights of one image of each side.
    `units`: of each side in turn.
    """

    value: float
    deviations: NDArray[np.float64]
    weights: NDArray[np.float64]
    one_image_variance: float
    units: list[NDArray[np.int64]]


def _influence(parts: Sequence[Part], units: int | None = None) -> _Influence:
    if not parts:
        raise ValueError("parts: at least one, but there is none")
    part_values, sides = [], []
    for number, (in_scores, in_units, out) in enumerate(parts):
        if not out:
            raise ValueError(f"parts[{number}]: at least one OOD set, but there is none")
        values = []
        in_side = np.zeros(np.size(in_scores))
        for out_scores, out_units in out:
            twice_in, twice_out = placements(in_scores, out_scores)
            n, m = len(twice_in), len(twice_out)
            value = int(twice_in.sum()) / (2 * n * m)
            values.append(value)
            in_side += (twice_in / (2 * m) - value) / len(out)
            sides.append((twice_out / (2 * n) - value, _numbers(out_units, m, units), 1 / len(out)))
        part_values.append(math.fsum(values) / len(out))
        sides.append((in_side, _numbers(in_units, len(in_side), units), 1.0))
    size = units if units is not None else 1 + max(int(numbers.max()) for _, numbers, _ in sides)
    deviations, weights, one_image = np.zeros(size), np.zeros(size), 0.0
    for deviation, numbers, share in sides:
        n, share = len(numbers), share / len(parts)
        scale = share / math.sqrt(n * max(n - 1, 1))
        deviations += np.bincount(numbers, weights=scale * deviation, minlength=size)
        weights += np.bincount(numbers, minlength=size) * (share / n)
        one_image += (share / n) ** 2
    value = math.fsum(part_values) / len(parts)
    return _Influence(value, deviations, weights, one_image, [numbers for _, numbers, _ in sides])


def _side(scores: ArrayLike, name: str) -> NDArray[np.float64]:
    vector = finite_vector(scores, name)
    if len(vector) == 0:
        raise ValueError(f"{name}: at least one score, but there is none")
    return vector


def _numbers(units: ArrayLike, images: int, size: int | None) -> NDArray[np.int64]:
    numbers = np.asarray(units)
    if not np.issubdtype(numbers.dtype, np.integer) or numbers.shape != (images,):
        raise ValueError(f"units: {images} integers like the scores, but got {numbers.dtype} of shape {numbers.shape}")
    if numbers.min() < 0 or (size is not None and numbers.max() >= size):
        last = "" if size is None else f"..{size - 1}"
        raise ValueError(f"units: in 0{last}, but got {numbers.min()} to {numbers.max()}")
    return numbers.astype(np.int64)
