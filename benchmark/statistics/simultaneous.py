"""Intervals of several means that hold together, and the interval of the worst of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from benchmark.statistics.interval import Interval, check_confidence
from benchmark.statistics.means import mean_interval


@dataclass(frozen=True)
class Worst:
    """The lowest of K means: its place, value and interval, and the places of all that may be the lowest."""

    index: int
    mean: float
    interval: Interval
    may_be_worst: tuple[int, ...]


def simultaneous_mean_intervals(scores: ArrayLike, confidence: float = 0.95) -> list[Interval]:
    """Intervals of K means over the same base images, inside [0, 1], that all hold at once.

    `scores`: float, integer or bool (N, K), one column for each corruption, group or cell, each in [0, 1].
    Each is `mean_interval` at confidence^(1/K). By Sidak's inequality this holds for normal means under any
    dependence (Sidak 1967, "Rectangular confidence regions for the means of multivariate normal
    distributions"). Preferred to a bootstrap of the maximum: that is somewhat shorter where columns go together, but
    depends on a seed and has no length at all where a column is all right. K = 0 gives an empty list.
    Raises ValueError for another shape, NaN and scores outside [0, 1].
    """
    table = np.asarray(scores)
    check_confidence(confidence)
    if table.ndim != 2:
        raise ValueError(f"scores: images by columns, but got shape {table.shape}")
    columns = table.shape[1]
    if columns == 0:
        return []
    each = confidence ** (1 / columns)
    return [mean_interval(table[:, column], each) for column in range(columns)]


def worst_interval(scores: ArrayLike, confidence: float = 0.95) -> Worst:
    """The worst of K means over the same base images, in [0, 1], with an interval for the true worst mean.

    `scores`: (N, K) as in `simultaneous_mean_intervals`; N and K at least 1, else ValueError. The interval is
    [lowest lower end, lowest upper end] of the simultaneous intervals, so it covers the minimum of the true means
    whichever column that is. A bootstrap of the observed minimum would not: a minimum of noisy means lies too
    low. `may_be_worst` lists the columns whose lower end is at most the lowest upper end. Equal means: the first.
    """
    table = np.asarray(scores)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"scores: at least one image and one column, but got shape {table.shape}")
    intervals = simultaneous_mean_intervals(table, confidence)
    means = table.mean(axis=0, dtype=np.float64)
    index = int(np.argmin(means))
    interval = Interval(min(i.lower for i in intervals), min(i.upper for i in intervals))
    candidates = tuple(k for k, i in enumerate(intervals) if i.lower <= interval.upper)
    return Worst(index, float(means[index]), interval, candidates)
