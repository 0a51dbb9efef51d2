"""Intervals of a group's error over the error on all images, and of the largest such ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.statistics.interval import Interval, check_confidence
from benchmark.statistics.proportion import wilson_interval
from benchmark.statistics.weighted_means import weighted_mean_interval


@dataclass(frozen=True)
class LargestRatio:
    """The largest of G ratios: its place, value and interval."""

    index: int
    ratio: float
    interval: Interval


def error_ratio_interval(
    errors: ArrayLike, weights: ArrayLike, whole_weights: ArrayLike, strata: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Interval of (weights @ errors) / (whole_weights @ errors) over draws of test images, at least 0.

    `errors`: float or bool (N,), each in [0, 1]. `weights`: float (N,), of the group; `whole_weights`: of all images it
    is held against, the group's own among them; none negative, each with the sum 1. `strata`: integer (N,), cells
    whose share of the weight is given.

    Given how many errors there are, the share of them that lies in the group is a proportion, and the ratio is that
    share times a factor of the weights. So the interval is Wilson's for that share, times the factor, with the number
    of errors that gives the variance of the linearized ratio. Two points err on the long side, for cells of few
    images: distances are from the mean error instead of the cell's, and each cell counts one imagined image of the
    largest possible variance, as in `weighted_mean_interval`. With equal weights and right-or-wrong answers it is
    nearly Wilson's interval of (errors in the group) / (all errors), over the group's share of the images. A group
    without an error, or with all of them, takes Kish's effective number of errors. No error at all: (nan, nan).
    Raises ValueError as `weighted_mean_interval` does.
    """
    check_confidence(confidence)
    missed, own, whole = (np.asarray(values, dtype=np.float64) for values in (errors, weights, whole_weights))
    for values in (own, whole):
        weighted_mean_interval(missed, values, strata, confidence)  # refuses wrong arguments
    of_group, of_whole = float(own @ missed), float(whole @ missed)
    if of_whole == 0:
        return Interval(math.nan, math.nan)
    inside = np.where(own > 0, whole, 0.0)
    share = float(inside @ missed) / of_whole
    count = of_whole**2 / float((whole**2) @ missed**2)
    factor = 1 / float(inside.sum())
    if 0 < share < 1:
        pull = own / of_group - whole / of_whole
        count = (1 - share) / (share * _variance(missed, pull, np.asarray(strata), of_whole))
        factor = of_group / of_whole / share
    interval = wilson_interval(share * count, count, confidence)
    return Interval(interval.lower * factor, interval.upper * factor)


def largest_error_ratio(
    errors: ArrayLike, weights: ArrayLike, whole_weights: ArrayLike, strata: ArrayLike, confidence: float = 0.95
) -> LargestRatio | None:
    """The largest of G error ratios with an interval for the true largest one; None without an error in a whole.

    `weights`, `whole_weights`: float (G, N), one row a group; `strata`: integer (N,), or (G, N) where groupings differ.
    The interval is [largest lower end, largest upper end] of intervals that hold together, each at
    confidence^(1 / G) (Sidak), so it covers the largest true ratio whichever group that is. The observed largest of
    noisy ratios lies too high on average. Equal ones: the first. Other arguments and errors as in
    `error_ratio_interval`; ValueError for no group as well.
    """
    check_confidence(confidence)
    rows, wholes = np.asarray(weights, dtype=np.float64), np.asarray(whole_weights, dtype=np.float64)
    if rows.ndim != 2 or 0 in rows.shape or rows.shape != wholes.shape:
        raise ValueError(f"weights: groups by images, as whole_weights, but got {rows.shape} and {wholes.shape}")
    missed = np.asarray(errors, dtype=np.float64)
    means = wholes @ missed
    if (means == 0).any():
        return None
    ratios = rows @ missed / means
    each = confidence ** (1 / len(rows))
    cells = np.broadcast_to(np.asarray(strata), rows.shape)
    ends = [error_ratio_interval(missed, *row, each) for row in zip(rows, wholes, cells, strict=True)]
    index = int(np.argmax(ratios))
    return LargestRatio(index, float(ratios[index]), Interval(max(e.lower for e in ends), max(e.upper for e in ends)))


def _variance(errors: NDArray[np.float64], pull: NDArray[np.float64], strata: NDArray[np.int64], error: float) -> float:
    """Variance of the ratio's logarithm: squared pulls times squared distances from the mean error."""
    stratum = np.unique(strata, return_inverse=True)[1]
    squared = pull**2
    seen = float((squared * (errors - error) ** 2).sum())
    return seen + float((np.bincount(stratum, weights=squared) / np.bincount(stratum)).sum()) * error * (1 - error)
