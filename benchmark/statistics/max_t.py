"""The critical value of all pairwise differences together: a quantile of the largest studentized one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.interval import normal_quantile
from benchmark.statistics.pairs import FEW, ROUNDING, ROWS_PER_BLOCK, PairScales, smallest_testable
from benchmark.statistics.resampling import image_counts

RESAMPLES_PER_BLOCK = 128  # a block of all pairs of one row stays in the cache


def critical_value(
    rows: NDArray[np.signedinteger[Any]], scales: PairScales, confidence: float, resamples: int, seed: int
) -> float:
    """How many standard errors apart a pair of K rows must be, at least the normal quantile; nan without a pair.

    `rows`: integer (K, N), distinct. The `confidence` quantile over draws of images of max |difference in the draw -
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
    rows: NDArray[np.signedinteger[Any]], scales: PairScales, fewest: int, resamples: int, seed: int
) -> dict[int, NDArray[np.float64]]:
    """For each number of differing images d (FEW + 1 is "more"): float64 (resamples,), the maxima over its pairs."""
    k = len(rows)
    if k < 2 or rows.shape[1] == 0:
        return {}
    deviations = _deviations(rows, scales, resamples, seed)
    levels: dict[int, NDArray[np.float32]] = {}
    for start in range(0, k, ROWS_PER_BLOCK):
        stop = min(start + ROWS_PER_BLOCK, k)
        squares, differing = scales.block(start, stop, start)
        for i in range(start, stop):
            later = differing[i - start, i - start + 1 :]
            inverse = (1 / np.sqrt(squares[i - start, i - start + 1 :])).astype(np.float32)
            for level in np.unique(later[later >= fewest]).tolist():
                maxima = levels.setdefault(level, np.zeros(resamples, dtype=np.float32))
                at = later == level
                if at.all():
                    _raise_maxima(maxima, deviations[i + 1 :], deviations[i], inverse)
                else:
                    _raise_maxima(maxima, deviations[i + 1 :][at], deviations[i], inverse[at])
    return {level: maxima.astype(np.float64) for level, maxima in levels.items()}


def _raise_maxima(
    maxima: NDArray[np.float32], others: NDArray[np.float32], own: NDArray[np.float32], inverse: NDArray[np.float32]
) -> None:
    """Take the pairs of one row with others (P, resamples) into the maxima (resamples,), in place.

    Single precision halves the time. No sum is formed, so the result is equal on every machine all the same.
    """
    for start in range(0, len(maxima), RESAMPLES_PER_BLOCK):
        block = slice(start, start + RESAMPLES_PER_BLOCK)
        apart = others[:, block] - own[block]
        np.abs(apart, out=apart)
        apart *= inverse[:, None]
        np.maximum(maxima[block], apart.max(axis=0), out=maxima[block])


def _deviations(
    rows: NDArray[np.signedinteger[Any]], scales: PairScales, resamples: int, seed: int
) -> NDArray[np.float32]:
    """Sums of each row over drawn images minus its own sum: float32 (K, resamples), of exact integers."""
    sums = rows.sum(axis=1, dtype=np.int64)[:, None]
    floats = scales.floats(0, len(rows))
    blocks = [
        ((floats @ counts.astype(floats.dtype).T).astype(np.float64) - sums).astype(np.float32)
        for counts in image_counts(rows.shape[1], resamples, seed)
    ]
    return np.concatenate(blocks, axis=1)
