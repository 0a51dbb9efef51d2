"""Calibration from stored histograms of confidence: ECE with equal-mass groups, its rounding bound, its floor.

A record keeps, for each cell, how many images fell into each fixed bin of confidence and how many of them were
right. That is small, adds up over cells, and hardly moves when confidences differ in the last digits, while
the ECE keeps a known distance from that of the raw confidences.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmark.metrics.accuracy import right_or_wrong


def _edges() -> NDArray[np.float64]:
    """Steps that narrow towards 1, where most confidences of an accurate net lie; exact decimals."""
    runs = [(0, 5000, 200), (5000, 9500, 100), (9500, 9900, 50), (9900, 9980, 20), (9980, 10000, 5)]
    ten_thousandths = [step for start, stop, width in runs for step in range(start, stop, width)]
    return np.array([*ten_thousandths, 9999, 10000], dtype=np.float64) / 10000


CONFIDENCE_EDGES: NDArray[np.float64] = _edges()
CONFIDENCE_EDGES.setflags(write=False)
BINS = len(CONFIDENCE_EDGES) - 1
_MIDPOINTS = (CONFIDENCE_EDGES[:-1] + CONFIDENCE_EDGES[1:]) / 2
_HALF_WIDTHS = (CONFIDENCE_EDGES[1:] - CONFIDENCE_EDGES[:-1]) / 2
ROUNDING = 1e-6  # a float32 softmax may exceed 1 by a few units in the last place


def confidence_histogram(confidence: ArrayLike, correct: ArrayLike) -> NDArray[np.int64]:
    """Images, and right answers, in each bin of confidence: int64 (2, BINS). Histograms of cells may be added.

    `confidence`: float (N,), the probability of the predicted class, in [0, 1] up to 1e-6. `correct`: bool (N,).
    Bin b holds CONFIDENCE_EDGES[b] <= confidence < CONFIDENCE_EDGES[b + 1], the last one 1 as well.
    Raises ValueError for NaN, for values outside and for unequal shapes. N = 0 gives zeros.
    """
    answers = right_or_wrong(correct)
    values = np.asarray(confidence, dtype=np.float64)
    if values.shape != answers.shape:
        raise ValueError(f"confidence: shape {answers.shape} like correct, but got {values.shape}")
    if len(values) and not (values.min() >= -ROUNDING and values.max() <= 1 + ROUNDING):
        raise ValueError(f"confidence: in [0, 1], but got {values.min()} to {values.max()}")
    bins = np.clip(np.searchsorted(CONFIDENCE_EDGES, values, side="right") - 1, 0, BINS - 1)
    return histogram_of_bins(bins, answers)


def histogram_of_bins(bins: ArrayLike, correct: ArrayLike) -> NDArray[np.int64]:
    """As `confidence_histogram`, from the number of each image's bin instead of its confidence: int64 (2, BINS).

    `bins`: integer (N,) in 0..BINS - 1. `correct`: bool (N,). Raises ValueError for unequal shapes, for numbers
    outside and for anything but integers.
    """
    answers, places = right_or_wrong(correct), np.asarray(bins)
    if places.shape != answers.shape:
        raise ValueError(f"bins: shape {answers.shape} like correct, but got {places.shape}")
    if len(places) == 0:
        return np.zeros((2, BINS), dtype=np.int64)
    if not np.issubdtype(places.dtype, np.integer) or places.min() < 0 or places.max() >= BINS:
        raise ValueError(f"bins: integers in 0..{BINS - 1}, but got {places.dtype} {places.min()} to {places.max()}")
    counts = [np.bincount(places, minlength=BINS), np.bincount(places[answers], minlength=BINS)]
    return np.stack(counts).astype(np.int64)


def expected_calibration_error(histogram: ArrayLike, groups: int = 15) -> float:
    """ECE in [0, 1], lower is better: the weighted mean of |accuracy - confidence| over groups; nan without images.

    `histogram`: int (2, BINS) of `confidence_histogram`, or a sum of such. The bins are put into up to `groups`
    runs of about equally many images, by the middle of each bin's images; a bin is never split, so equal
    confidences stay together and a net that is always certain has one group. The confidence of a bin is its
    midpoint; `expected_calibration_error_bound` says how far that can move the result. Source: Naeini, Cooper and
    Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning", with equal-mass groups as
    in Nguyen and O'Connor (2015). Boards that use equal widths, or 10 bins, differ in the third digit.
    Raises ValueError for another shape, negative counts, more right answers than images, and groups below 1.
    """
    images, right = _counts(histogram)
    n = images.sum()
    if n == 0:
        return math.nan
    place = _groups(images, groups)
    gaps = np.bincount(place, weights=right - images * _MIDPOINTS, minlength=groups)
    return float(np.abs(gaps).sum() / n)


def expected_calibration_error_bound(histogram: ArrayLike) -> float:
    """Largest distance of the ECE from that of the raw confidences in the same groups, in [0, .01]; nan without images.

    No confidence is further from its bin's midpoint than half the bin's width, so the mean half width over images
    bounds the distance, whatever the number of groups. Argument and errors as in `expected_calibration_error`.
    """
    images, _ = _counts(histogram)
    n = images.sum()
    return float((images * _HALF_WIDTHS).sum() / n) if n else math.nan


def expected_calibration_error_floor(histogram: ArrayLike, groups: int = 15) -> float:
    """Mean ECE, in [0, 1], that a perfectly calibrated model with these confidences shows; nan without images.

    An ECE near its floor is noise. In a group of n images the right answers of a calibrated model are a sum of
    independent draws; their mean absolute deviation is taken from the binomial distribution with the group's mean
    confidence (de Moivre's closed form) and scaled by the ratio of standard deviations, since confidences in
    a group differ. Arguments and errors as in `expected_calibration_error`.
    """
    images, _ = _counts(histogram)
    n = images.sum()
    if n == 0:
        return math.nan
    place = _groups(images, groups)
    size = np.bincount(place, weights=images, minlength=groups).astype(np.float64)
    expected = np.bincount(place, weights=images * _MIDPOINTS, minlength=groups)
    variance = np.bincount(place, weights=images * _MIDPOINTS * (1 - _MIDPOINTS), minlength=groups)
    size, expected, variance = size[size > 0], expected[size > 0], variance[size > 0]
    share = expected / size
    scale = np.sqrt(variance / (size * share * (1 - share)))
    return float((_binomial_mean_deviation(size, share) * scale).sum() / n)


def _binomial_mean_deviation(n: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    """E|X - np| of X binomial: 2 k C(n, k) p^k (1 - p)^(n - k + 1), k the smallest integer above np."""
    k = np.floor(n * p) + 1
    log_choose = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return np.asarray(2 * k * np.exp(log_choose + k * np.log(p) + (n - k + 1) * np.log1p(-p)))


def _groups(images: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """The group 0..groups - 1 of each bin: where the middle of its images lies among all, in equal parts."""
    if groups < 1:
        raise ValueError(f"groups: at least 1, but got {groups}")
    twice_middle = 2 * np.cumsum(images) - images
    return np.minimum(twice_middle * groups // (2 * images.sum()), groups - 1)


def _counts(histogram: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    table = np.asarray(histogram)
    if table.shape != (2, BINS) or not np.issubdtype(table.dtype, np.integer):
        raise ValueError(f"histogram: integers of shape (2, {BINS}), but got {table.dtype} of shape {table.shape}")
    images, right = table.astype(np.int64)
    if (right < 0).any() or (right > images).any():
        raise ValueError("histogram: counts with at most as many right answers as images, but got others")
    return images, right
