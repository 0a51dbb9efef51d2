"""Rank intervals of rows whose score is that of their worst group."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.statistics.fixed_point import to_integers
from benchmark.statistics.interval import check_confidence, normal_quantile
from benchmark.statistics.max_t import critical_value
from benchmark.statistics.pairs import ROWS_PER_BLOCK, PairScales, fold_identical
from benchmark.statistics.ranks import LARGEST_BOOTSTRAP, LEADERS, RankIntervals
from benchmark.statistics.run_spread import RunSpread
from benchmark.statistics.separation import Separation, separation_of


def worst_group_rank_intervals(
    scores: ArrayLike,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    runs: RunSpread | None = None,
) -> RankIntervals:
    """Simultaneous rank intervals of M rows by their lowest group mean, all on the same N images; higher is better.

    `scores`: bool, integer or float (M, G, N), finite: row i's group g has the mean of scores[i, g]. Weights are
    folded in: where a group's mean is sum(w x right), its entries are N x w x right, 0 for images outside.

    Row i is significantly better than row j when every group of i is significantly better than some group of j, which
    may be another one for each: then the lowest group of i lies above some group of j, so above the lowest. Usually
    a group is ahead of the same group of j, compared image by image, or of j's worst one. The pair (i, g), (j, h) is
    significant when its difference exceeds `critical_value` standard errors, the `confidence` quantile of the largest
    studentized difference among all pairs of group means of all rows (`rank_intervals` of the M x G means).

    Why it holds: with at least that probability no pair of means is further off than allowed, whichever pairs are
    looked at afterwards; then every row declared better has the higher true minimum, as an intersection-union
    argument (Berger 1982, "Multiparameter hypothesis testing and acceptance sampling") for all pairs of rows
    together. So all true ranks are inside at once, and no group needs to be known to be the worst. More than
    1,000 distinct means take Bonferroni's value instead of the bootstrap.

    `runs`: how the worst group's score varies over training runs, taken for every group of the row: the worst one of
    a few runs spreads as widely as a group does, groups of which are compared. As in `rank_intervals`.

    Ranks are by the lowest observed means; equal ones share the better rank. The two differences in the result are
    between worst groups, for the median pair among the ten best rows. M = 0 gives empty arrays. Raises ValueError for
    NaN, another shape, no group, confidence outside (0, 1) and resamples below 1.
    """
    check_confidence(confidence)
    if resamples < 1:
        raise ValueError(f"resamples: at least 1, but got {resamples}")
    table = np.asarray(scores)
    if table.ndim != 3 or table.shape[1] == 0:
        raise ValueError(f"scores: rows by groups by images, at least one group, but got shape {table.shape}")
    m, groups, n = table.shape
    integers, unit = to_integers(table.reshape(m * groups, n))
    distinct, place = fold_identical(integers)
    means = integers[distinct]
    scales = PairScales(means)
    if len(means) > LARGEST_BOOTSTRAP:
        pairs = len(means) * (len(means) - 1) // 2
        critical = normal_quantile(1 - (1 - confidence) / pairs)
    else:
        critical = critical_value(means, scales, confidence, resamples, seed)
    of_row = place.reshape(m, groups)
    of_groups = runs and replace(runs, variance=np.repeat(runs.variance, groups))
    rule = separation_of(len(means), place, n / unit, critical, confidence, of_groups)
    better = _better(means.sum(axis=1, dtype=np.int64), scales, of_row, rule)
    sums = integers.sum(axis=1, dtype=np.int64).reshape(m, groups)
    lowest = sums.min(axis=1, initial=np.iinfo(np.int64).max)
    worst_of_row = of_row[np.arange(m), sums.argmin(axis=1)]
    single, simultaneous = _detectable(means, worst_of_row, lowest, unit, rule)
    apart = better | better.T
    return RankIntervals(
        rank=1 + (lowest[None, :] > lowest[:, None]).sum(axis=1, dtype=np.int64),
        lower=1 + better.sum(axis=0, dtype=np.int64),
        upper=m - better.sum(axis=1, dtype=np.int64),
        critical_value=critical,
        tied_with=[[j for j in np.flatnonzero(~apart[i]).tolist() if j != i] for i in range(m)],
        smallest_detectable_difference=single,
        smallest_separable_difference=simultaneous,
        method="closed form" if len(means) > LARGEST_BOOTSTRAP else "max-T bootstrap",
    )


def _better(
    sums: NDArray[np.int64],
    scales: PairScales,
    of_row: NDArray[np.int64],
    rule: Separation,
) -> NDArray[np.bool_]:
    """Whether row i is significantly better than row j: bool (M, M). `of_row`: (M, G), places of the group means."""
    m, groups = of_row.shape
    ahead_of_some = np.zeros((len(sums), m), dtype=np.bool_)
    for start in range(0, len(sums), ROWS_PER_BLOCK):
        block = slice(start, min(start + ROWS_PER_BLOCK, len(sums)))
        squares, differing = scales.block(block.start, block.stop)
        ahead = sums[block, None] - sums[None, :]
        far = rule.far(ahead, squares, differing, block, slice(None)) & (ahead > 0)
        for group in range(groups):
            ahead_of_some[block] |= far[:, of_row[:, group]]
    better = np.ones((m, m), dtype=np.bool_)
    for group in range(groups):
        better &= ahead_of_some[of_row[:, group]]
    return better


def _detectable(
    means: NDArray[Any],
    worst_of_row: NDArray[np.int64],
    lowest: NDArray[np.int64],
    unit: float,
    rule: Separation,
) -> tuple[float, float]:
    """Differences of worst groups that one pair tested alone, and all together, can detect among leading rows."""
    leaders = worst_of_row[np.argsort(-lowest, kind="stable")[:LEADERS]]
    first, second = np.triu_indices(len(leaders), 1)
    first, second = leaders[first], leaders[second]
    squares = ((means[first].astype(np.int64) - means[second]) ** 2).sum(axis=1).astype(np.float64)
    differ = squares > 0
    if not differ.any():
        return math.nan, math.nan
    alone, together = rule.detectable(squares[differ], first[differ], second[differ])
    return alone * unit / means.shape[1], together * unit / means.shape[1]
