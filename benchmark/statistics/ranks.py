"""Ranks with simultaneous intervals: which places a row may hold, given that all rows saw the same images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.statistics.fixed_point import to_integers
from benchmark.statistics.interval import check_confidence, normal_quantile
from benchmark.statistics.max_t import critical_value
from benchmark.statistics.pairs import ROWS_PER_BLOCK, PairScales, fold_identical
from benchmark.statistics.run_spread import RunSpread
from benchmark.statistics.separation import Separation, separation_of

LARGEST_BOOTSTRAP = 1000  # rows; above it the closed form, whose time does not grow with the resamples
LEADERS = 10  # the rows whose pairs say what difference this test set can detect


@dataclass(frozen=True)
class RankIntervals:
    """Ranks of M rows, 1 is best, and the ranks each may truly hold, all at once at the stated confidence.

    `rank`, `lower`, `upper`: int64 (M,). Equal means share the better rank. `tied_with[i]`: the rows that cannot
    be told apart from row i, ascending. `critical_value`: how many standard errors of its difference a pair must
    be apart; nan where no pair can be separated. `smallest_separable_difference`: that, in the unit of the scores, for
    the median pair among the ten best rows; `smallest_detectable_difference`: the same for one pair tested
    alone. Both nan where no two of these rows differ.
    """

    rank: NDArray[np.int64]
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    critical_value: float
    tied_with: list[list[int]]
    smallest_detectable_difference: float
    smallest_separable_difference: float
    method: Literal["max-T bootstrap", "closed form"]


def rank_intervals(
    scores: ArrayLike,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    runs: RunSpread | None = None,
) -> RankIntervals:
    """Simultaneous rank intervals of M rows from their scores on the same N images; higher is better.

    `scores`: bool, integer or float (M, N), finite. The interval of row i is [1 + number of rows significantly
    better, M - number significantly worse]; a pair is significant when its difference exceeds `critical_value`
    standard errors, the `confidence` quantile over bootstrap draws of images of the largest studentized
    difference among all pairs. With at least that confidence every row's true rank is inside. More than 1,000
    rows that are not identical take `conservative_rank_intervals`. The result is equal on every machine:
    scores are integers inside, and no sum is rounded.

    Source: Mogstad, Romano, Shaikh and Wilhelm (2024), "Inference for ranks with applications to mobility across
    neighbourhoods and academic achievement across countries", without the stepdown. We deviate in three points:
    identical rows are one row in the bootstrap and a tie in the result; a pair is scaled by the root of its
    summed squared differences, which cannot vanish; and pairs that differ on too few images to reach the
    critical value do not raise it (`max_t`). So copies of a row do not widen the intervals of others.

    `runs`: how rows vary over training runs (`run_spread`); then a pair must also be further apart than other runs
    could bring it (`Separation`), and ranks hold over draws of images and of runs. Without it they hold for these
    files: a row trained anew may stand elsewhere. On images alone, tied methods whose runs spread by a point get a
    wrong rank interval in 9 to 55 % of simulated tables of 1,000 images (tests/statistics/test_run_spread.py).

    M = 0 gives empty arrays, M = 1 rank 1 in [1, 1]; N below 6 separates nothing at 95 %.
    Raises ValueError for NaN, for another shape, for confidence outside (0, 1) and resamples below 1.
    """
    check_confidence(confidence)
    if resamples < 1:
        raise ValueError(f"resamples: at least 1, but got {resamples}")
    integers, unit = to_integers(scores)
    rows, group = _distinct(integers)
    if len(rows) > LARGEST_BOOTSTRAP:
        return _closed_form(rows, group, unit, confidence, runs)
    scales = PairScales(rows)
    critical = critical_value(rows, scales, confidence, resamples, seed)
    rule = separation_of(len(rows), group, rows.shape[1] / unit, critical, confidence, runs)
    return _result(rows, group, unit, scales, rule, "max-T bootstrap")


def conservative_rank_intervals(
    scores: ArrayLike, confidence: float = 0.95, runs: RunSpread | None = None
) -> RankIntervals:
    """Simultaneous rank intervals in closed form, somewhat longer than `rank_intervals`: for thousands of rows.

    As `rank_intervals`, with the normal quantile at (1 - confidence) / number of pairs (Bonferroni) as critical
    value, which is valid however the rows depend on each other: 3.86 for the 435 pairs of 30 real CIFAR-10 nets,
    where the bootstrap gives about 3.65. Pairs are taken in blocks, so memory grows with M x N and with the
    number of ties. Same fields, edge cases and errors as `rank_intervals`.
    """
    check_confidence(confidence)
    integers, unit = to_integers(scores)
    rows, group = _distinct(integers)
    return _closed_form(rows, group, unit, confidence, runs)


def _distinct(
    integers: NDArray[np.signedinteger[Any]],
) -> tuple[NDArray[np.signedinteger[Any]], NDArray[np.int64]]:
    """The distinct rows, without a copy where all are, and which of them each row is."""
    distinct, group = fold_identical(integers)
    return (integers if len(distinct) == len(integers) else integers[distinct]), group


def _closed_form(
    rows: NDArray[np.signedinteger[Any]],
    group: NDArray[np.int64],
    unit: float,
    confidence: float,
    runs: RunSpread | None,
) -> RankIntervals:
    pairs = len(rows) * (len(rows) - 1) // 2
    critical = normal_quantile(1 - (1 - confidence) / pairs) if pairs else math.nan
    rule = separation_of(len(rows), group, rows.shape[1] / unit, critical, confidence, runs)
    return _result(rows, group, unit, PairScales(rows), rule, "closed form")


def _result(
    rows: NDArray[np.signedinteger[Any]],
    group: NDArray[np.int64],
    unit: float,
    scales: PairScales,
    rule: Separation,
    method: Literal["max-T bootstrap", "closed form"],
) -> RankIntervals:
    """Ranks, intervals and ties of all rows from the distinct ones, block by block of pairs."""
    sums = rows.sum(axis=1, dtype=np.int64)
    copies = np.bincount(group, minlength=len(rows)).astype(np.int64)
    rank = np.ones(len(rows), dtype=np.int64)
    better, worse = np.zeros_like(rank), np.zeros_like(rank)
    tied: list[list[NDArray[np.intp]]] = [[] for _ in rows]
    starts = range(0, len(rows), ROWS_PER_BLOCK)
    for start in starts:
        own = slice(start, min(start + ROWS_PER_BLOCK, len(rows)))
        for first in starts[start // ROWS_PER_BLOCK :]:
            other = slice(first, min(first + ROWS_PER_BLOCK, len(rows)))
            squares, differing = scales.block(own.start, own.stop, other.start, other.stop)
            ahead = sums[None, other] - sums[own, None]
            far = rule.far(ahead, squares, differing, own, other)
            # Every block of pairs is computed once and read both ways.
            for one, two, of_two, apart in ((own, other, ahead, far), (other, own, -ahead.T, far.T)):
                rank[one] += (of_two > 0) @ copies[two]
                better[one] += (apart & (of_two > 0)) @ copies[two]
                worse[one] += (apart & (of_two < 0)) @ copies[two]
                for row, line in enumerate(apart, start=one.start):
                    tied[row].append(two.start + np.flatnonzero(~line))
                if one == two:
                    break
    lines = [np.concatenate(line) for line in tied]
    if len(rows) < len(group):
        members = [np.flatnonzero(group == g) for g in range(len(rows))]
        lines = [np.sort(np.concatenate([members[g] for g in line])) for line in lines]
    single, simultaneous = _detectable(rows, unit, sums, rule)
    return RankIntervals(
        rank=rank[group],
        lower=1 + better[group],
        upper=len(group) - worse[group],
        critical_value=rule.critical,
        tied_with=[lines[g][lines[g] != i].tolist() for i, g in enumerate(group.tolist())],
        smallest_detectable_difference=single,
        smallest_separable_difference=simultaneous,
        method=method,
    )


def _detectable(
    rows: NDArray[np.signedinteger[Any]], unit: float, sums: NDArray[np.int64], rule: Separation
) -> tuple[float, float]:
    """Differences that one pair tested alone, and all pairs together, can detect among the leading rows."""
    leaders = np.argsort(-sums, kind="stable")[:LEADERS]
    if len(leaders) < 2 or rows.shape[1] == 0:
        return math.nan, math.nan
    first, second = np.triu_indices(len(leaders), 1)
    best = rows[leaders].astype(np.int64)
    squares = ((best[first] - best[second]) ** 2).sum(axis=1).astype(np.float64)
    alone, together = rule.detectable(squares, leaders[first], leaders[second])
    return alone * unit / rows.shape[1], together * unit / rows.shape[1]
