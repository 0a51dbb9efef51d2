"""Rows whose score is a mean over training runs: are two means apart, and which ranks do all of them leave open?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmark.statistics.interval import check_confidence, student_p_value
from benchmark.statistics.means import finite_vector

HOMOGENEITY_LEVEL = 0.05
"""Variances are pooled unless the check of equal variances has a smaller p-value."""
LEADERS = 10  # the rows whose pairs say what difference these runs can detect


@dataclass(frozen=True)
class RunRanks:
    """The ranks each of M rows may hold, all at once at the stated confidence, 1 is best.

    `lower`, `upper`: int64 (M,). `tied_with[i]`: the rows that cannot be told apart from row i, ascending. `pooled_sd`:
    the standard deviation of one run where all rows share it, in the unit of the scores; nan where each row has its
    own. `smallest_separable_difference`: how far apart the median pair among the ten best rows must be, in that unit;
    `smallest_detectable_difference`: the same for one pair tested alone. Both nan where no pair can be tested.
    """

    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    tied_with: list[list[int]]
    pooled_sd: float
    smallest_detectable_difference: float
    smallest_separable_difference: float


def welch_p_value(first: ArrayLike, second: ArrayLike) -> float:
    """Two-sided p-value in [0, 1] of equal means of two sets of runs, each with a spread of its own.

    `first`, `second`: float (k,), any k each. Source: Welch (1947), "The generalization of 'Student's' problem when
    several different population variances are involved". Fewer than two runs in either give 1: nothing says how much
    another run would differ. Runs without any spread give 0 where the means differ and 1 where they do not. Raises
    ValueError for NaN and another shape.
    """
    sets = [finite_vector(first, "first"), finite_vector(second, "second")]
    if min(len(runs) for runs in sets) < 2:
        return 1.0
    parts = [float(runs.var(ddof=1)) / len(runs) for runs in sets]
    difference, variance = float(sets[0].mean() - sets[1].mean()), sum(parts)
    if variance == 0:
        return float(difference == 0)
    degrees = variance**2 / sum(part**2 / (len(runs) - 1) for part, runs in zip(parts, sets, strict=True))
    return student_p_value(difference / math.sqrt(variance), degrees)


def equal_spread_p_value(rows: Sequence[ArrayLike]) -> float:
    """p-value in [0, 1] of the hypothesis that all rows' runs spread alike; small where they do not.

    `rows`: M times float (k,). One-way analysis of variance of the distances from each row's median. Source: Brown
    and Forsythe (1974), "Robust tests for the equality of variances". Rows with fewer than three runs are left out:
    the distances of two from their median are equal whatever their spread. Fewer than two others give 1. With five
    runs a row the check is weak: it finds spreads that differ several times, not by a half. Distances without any
    spread of their own give 0 where their means differ, else 1.
    """
    deviations = [
        np.abs(runs - np.median(runs)) for runs in (finite_vector(row, "rows") for row in rows) if len(runs) > 2
    ]
    if len(deviations) < 2:
        return 1.0
    sizes = np.array([len(row) for row in deviations])
    means = np.array([row.mean() for row in deviations])
    total, groups = int(sizes.sum()), len(sizes)
    between = float((sizes * (means - (sizes * means).sum() / total) ** 2).sum()) / (groups - 1)
    within = float(sum(((row - row.mean()) ** 2).sum() for row in deviations)) / (total - groups)
    if within == 0:
        return float(between == 0)
    return float(special.fdtrc(groups - 1, total - groups, between / within))


def training_run_ranks(rows: Sequence[ArrayLike], confidence: float = 0.95, *, alike: bool = True) -> RunRanks:
    """Simultaneous rank intervals of M rows by their mean over training runs; higher is better.

    `rows`: M times float (k,), one score a run, k free for each row. Row i's interval is [1 + rows significantly
    better, M - rows significantly worse]. A pair is significant when it differs by more standard errors than Student's
    quantile at (1 - confidence) / number of pairs of different rows (Bonferroni), so with at least that confidence
    every row's true rank is inside. Runs are of one test set: the intervals say nothing about other test images.

    The variance of a run is pooled over all rows that have two runs or more, unless `equal_spread_p_value` is below
    5 % or runs are not `alike` (a row's runs are nets of one set, another's whole sets); then each pair has its own
    (`welch_p_value`). Pooled, a row of a single run can be told apart as well. Rows with the same runs in the same
    order are one row in the pooling and in the number of pairs, so that copies of a row change nothing for others. No
    rows give empty arrays. Raises ValueError for NaN, an empty row, and confidence outside (0, 1).
    """
    check_confidence(confidence)
    runs = [finite_vector(row, "rows") for row in rows]
    if any(not len(row) for row in runs):
        raise ValueError("rows: at least one run each, but got none")
    places: dict[bytes, int] = {}
    group = np.array([places.setdefault(row.tobytes(), len(places)) for row in runs], dtype=np.int64)
    distinct = [np.frombuffer(row, dtype=np.float64) for row in places]
    sizes = np.array([len(row) for row in distinct], dtype=np.float64)
    means = np.array([row.mean() for row in distinct])
    several = [row for row in distinct if len(row) > 1]
    freedom = int(sum(len(row) - 1 for row in several))
    pooled = alike and freedom > 0 and equal_spread_p_value(distinct) >= HOMOGENEITY_LEVEL
    if pooled:
        variance = sum(float(((row - row.mean()) ** 2).sum()) for row in several) / freedom
        errors, degrees = _pooled(sizes, variance, freedom)
    else:
        variance = math.nan
        errors, degrees = _separate(distinct, sizes)
    pairs = max(len(distinct) * (len(distinct) - 1) // 2, 1)
    alone, together = (_quantiles((1 - confidence) / count, degrees) for count in (1, pairs))
    ahead = means[:, None] - means[None, :]
    with np.errstate(invalid="ignore"):  # 0 standard errors times a quantile that does not exist
        better = ahead > np.where(errors == 0, 0.0, together * errors)  # nan, an untestable pair, is not better
    better_rows = better[group][:, group]
    leaders = np.argsort(-means, kind="stable")[:LEADERS]
    return RunRanks(
        lower=1 + better_rows.sum(axis=0, dtype=np.int64),
        upper=len(runs) - better_rows.sum(axis=1, dtype=np.int64),
        tied_with=[
            [j for j in np.flatnonzero(~(better_rows[i] | better_rows[:, i])).tolist() if j != i]
            for i in range(len(runs))
        ],
        pooled_sd=math.sqrt(variance),
        smallest_detectable_difference=_median_pair(alone * errors, leaders),
        smallest_separable_difference=_median_pair(together * errors, leaders),
    )


def _pooled(
    sizes: NDArray[np.float64], variance: float, freedom: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard errors of all differences, and their degrees of freedom: both (K, K)."""
    errors = np.sqrt(variance * (1 / sizes[:, None] + 1 / sizes[None, :]))
    return errors, np.full_like(errors, freedom)


def _separate(
    rows: Sequence[NDArray[np.float64]], sizes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As `_pooled` after Welch; nan where a row has one run."""
    parts = np.array([row.var(ddof=1) / len(row) if len(row) > 1 else math.nan for row in rows])
    squares = parts[:, None] + parts[None, :]
    weights = parts**2 / np.maximum(sizes - 1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # two rows without spread
        degrees = squares**2 / (weights[:, None] + weights[None, :])
    return np.sqrt(squares), degrees


def _quantiles(level: float, degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two-sided Student quantiles, positive; nan where the degrees of freedom are."""
    return -special.stdtrit(degrees, level / 2)


def _median_pair(distances: NDArray[np.float64], leaders: NDArray[np.int64]) -> float:
    first, second = np.triu_indices(len(leaders), 1)
    found = distances[leaders[first], leaders[second]]
    found = found[np.isfinite(found)]
    return float(np.median(found)) if found.size else math.nan
