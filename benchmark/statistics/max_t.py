"""The critical value of all pairwise differences together: a quantile of the largest studentized one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.interval import normal_quantile
from benchmark.statistics.pairs import FEW, ROUNDING, ROWS_PER_BLOCK, PairScales, smallest_testable
from benchmark.statistics.resampling import image_counts

RESAMPLES_PER_BLOCK = 128  # a block of all pairs of one row stays in the cache


def critical_value(rows: NDArray[np.int64], scales: PairScales, confidence: float, resamples: int, seed: int) -> float:
    """How many standard errors apart a pair of K rows must be, at least the normal quantile; nan without a pair.

    `rows`: int64 (K, N), distinct. The `confidence` quantile over draws of images of max |difference in the draw -
    observed difference| / scale over pairs.

    Pairs that differ on few images (near copies) have heavy tails in the bootstrap and would raise the value for
    everyone, though they cannot reach it themselves: a pair that differs on d images never exceeds sqrt(d)
    scales. As in Tarone (1990), "A modified Bonferroni method for discrete data", the maximum is taken over
    the pairs that can reach the value, found by adding pairs from many differing images to few until it is out
    of reach of the rest. Pairs with fewer than `smallest_testable` images are never tested.
    """
    fewest = smallest_testable(confidence)
    levels = _maxima_by_differing(rows, scales, fewest, resamples, seed)
    if not levels:
        return math.nan
    place = min(resamples, math.ceil((resamples + 1) * confidence)) - 1
    floor = normal_quantile(confidence)
    running = np.zeros(resamples)
    critical = floor
    for differing in sorted(levels, reverse=True):
        if differing <= FEW and math.sqrt(differing) <= critical * (1 + ROUNDING):
            break
        running = np.maximum(running, levels[differing])
        critical = max(floor, float(np.sort(running)[place]))
    return critical


def _maxima_by_differing(
    rows: NDArray[np.int64], scales: PairScales, fewest: int, resamples: int, seed: int
) -> dict[int, NDArray[np.float64]]:
    """For each number of differing images d (FEW + 1 is "more"): float64 (resamples,), the maxima over its pairs."""
    k = len(rows)
    if k < 2 or rows.shape[1] == 0:
        return {}
    deviations = _deviations(rows, scales, resamples, seed)
    levels: dict[int, NDArray[np.float64]] = {}
    for start in range(0, k, ROWS_PER_BLOCK):
        squares, differing = scales.block(start, min(start + ROWS_PER_BLOCK, k))
        for i in range(start, min(start + ROWS_PER_BLOCK, k)):
            later = differing[i - start, i + 1 :]
            for level in np.unique(later[later >= fewest]).tolist():
                others = i + 1 + np.flatnonzero(later == level)
                inverse = 1 / np.sqrt(squares[i - start, others])
                _raise_maxima(levels.setdefault(level, np.zeros(resamples)), deviations, i, others, inverse)
    return levels


def _raise_maxima(
    maxima: NDArray[np.float64],
    deviations: NDArray[np.float64],
    i: int,
    others: NDArray[np.int64],
    inverse: NDArray[np.float64],
) -> None:
    """Take the pairs of row i with `others` into the maxima (resamples,), in place."""
    for start in range(0, len(maxima), RESAMPLES_PER_BLOCK):
        block = slice(start, start + RESAMPLES_PER_BLOCK)
        apart = deviations[others, block]
        apart -= deviations[i, block]
        np.abs(apart, out=apart)
        apart *= inverse[:, None]
        np.maximum(maxima[block], apart.max(axis=0), out=maxima[block])


def _deviations(rows: NDArray[np.int64], scales: PairScales, resamples: int, seed: int) -> NDArray[np.float64]:
    """Sums of each row over drawn images minus its own sum: float64 (K, resamples), exact integers."""
    sums = rows.sum(axis=1)[:, None]
    blocks = [
        (scales.floats @ counts.astype(scales.floats.dtype).T).astype(np.float64) - sums
        for counts in image_counts(rows.shape[1], resamples, seed)
    ]
    return np.concatenate(blocks, axis=1)
