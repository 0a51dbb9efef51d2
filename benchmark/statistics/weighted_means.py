"""Intervals of weighted means over images: group-balanced means, class-standardized groups, and the worst of these."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.statistics.interval import Interval, check_confidence
from benchmark.statistics.means import finite_vector
from benchmark.statistics.proportion import wilson_interval
from benchmark.statistics.simultaneous import Worst

_WEIGHT_TOLERANCE = 1e-6


def weighted_mean_interval(
    per_image: ArrayLike, weights: ArrayLike, strata: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Interval of sum(weights x scores) over draws of test images within strata, inside [0, 1].

    `per_image`: float, integer or bool (N,), each in [0, 1], one for each base image. `weights`: float (N,), not
    negative, sum 1; an image of weight 0 is left out. `strata`: integer (N,), what the weights fix the share of: the
    class x group cell for a mean over groups, the class within one group.

    Wilson's interval with an effective number of images, the largest possible variance of the mean over the
    estimated one, as in `mean_interval`. The variance is the sum over strata of that of the stratum's part; one
    imagined image of the largest possible variance is added to every stratum. That replaces the factor
    n / (n - 1), which a stratum of one image does not have, and keeps small strata that happen to agree from
    counting as certain. Where all scores are 1, or all 0, the effective number is 1 / sum(weights^2), that of
    independent images with these weights (Kish 1965, "Survey sampling").

    Raises ValueError for scores outside [0, 1], NaN, negative weights, another sum, and unequal lengths.
    """
    scores, weight, stratum = _checked(per_image, weights, strata)
    check_confidence(confidence)
    mean = min(max(float(weight @ scores), 0.0), 1.0)
    images = 1 / float(weight @ weight)
    if scores.min() == scores.max() and scores[0] in (0.0, 1.0):
        return wilson_interval(scores[0] * images, images, confidence)
    largest = mean * (1 - mean)
    images = largest / _variance(scores, weight, stratum, largest)
    return wilson_interval(mean * images, images, confidence)


def worst_weighted_interval(
    per_image: ArrayLike, weights: ArrayLike, strata: ArrayLike, confidence: float = 0.95
) -> Worst:
    """The worst of G weighted means of the same images, in [0, 1], with an interval for the true worst one.

    `weights`: float (G, N), one row a group; other arguments and errors as in `weighted_mean_interval`. The interval is
    [lowest lower end, lowest upper end] of intervals that hold together, each at confidence^(1/G) (Sidak 1967), so it
    covers the minimum of the true means whichever group that is. The observed minimum of noisy means lies too low on
    average, so it is often nearer to the lower end. `may_be_worst`: groups whose lower end is at most the lowest
    upper end. Equal means: the first. Raises ValueError for no group as well.
    """
    rows = np.asarray(weights, dtype=np.float64)
    check_confidence(confidence)
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(f"weights: groups by images, at least one of each, but got shape {rows.shape}")
    each = confidence ** (1 / len(rows))
    intervals = [weighted_mean_interval(per_image, row, strata, each) for row in rows]
    means = rows @ np.asarray(per_image, dtype=np.float64)
    index = int(np.argmin(means))
    interval = Interval(min(i.lower for i in intervals), min(i.upper for i in intervals))
    candidates = tuple(g for g, i in enumerate(intervals) if i.lower <= interval.upper)
    return Worst(index, float(means[index]), interval, candidates)


def _checked(
    per_image: ArrayLike, weights: ArrayLike, strata: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """The images of positive weight: scores, weights and strata numbered from 0."""
    scores, weight = finite_vector(per_image, "per_image"), finite_vector(weights, "weights")
    stratum = np.asarray(strata)
    if not len(scores) == len(weight) == len(stratum):
        raise ValueError(f"weights and strata: {len(scores)} of each, but got {len(weight)} and {len(stratum)}")
    if not np.issubdtype(stratum.dtype, np.integer):
        raise ValueError(f"strata: integers, but got {stratum.dtype}")
    if len(scores) and (scores.min() < 0 or scores.max() > 1):
        raise ValueError(f"per_image: scores in [0, 1], but got {scores.min()} to {scores.max()}")
    if not len(scores) or weight.min() < 0 or abs(float(weight.sum()) - 1) > _WEIGHT_TOLERANCE:
        raise ValueError(f"weights: not negative, with the sum 1, but got the sum {weight.sum()}")
    held = weight > 0
    return scores[held], weight[held], np.unique(stratum[held], return_inverse=True)[1].astype(np.int64)


def _variance(
    scores: NDArray[np.float64], weight: NDArray[np.float64], stratum: NDArray[np.int64], largest: float
) -> float:
    """Variance of the weighted mean, one imagined image of variance `largest` in every stratum."""
    size = np.bincount(stratum)
    mean = np.bincount(stratum, weights=weight * scores) / np.bincount(stratum, weights=weight)
    seen = float((weight**2 * (scores - mean[stratum]) ** 2).sum())
    imagined = float((np.bincount(stratum, weights=weight**2) / size).sum()) * largest
    return seen + imagined
