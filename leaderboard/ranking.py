"""Ranks with the ranks that noise leaves open, for the rows of one table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from benchmark.statistics import rank_intervals, run_spread, training_run_ranks
from benchmark.statistics.fixed_point import largest_exact_integer
from benchmark.statistics.worst_ranks import worst_group_rank_intervals
from leaderboard.outcomes import Outcomes

CONFIDENCE = 0.95
POOLED, WELCH = "pooled t", "Welch's t"
"""Methods of ranking by training runs: with one spread for all rows, and with one for each."""


@dataclass(frozen=True)
class Place:
    """Where a row stands: its rank by value, and the ranks it may truly hold."""

    rank: int
    lower: int
    upper: int
    tied_with: tuple[int, ...]
    """Positions (from 0, in the order given) of the rows that cannot be told apart from it."""


@dataclass(frozen=True)
class Ranking:
    """The places of one family of comparisons: all pairs of rows of one table."""

    places: tuple[Place, ...]
    images: int
    method: str
    """"max-T bootstrap", or "closed form" for more than 1,000 rows; "pooled t" or "Welch's t" for training runs."""
    separable_difference: float | None
    """Share in [0, 1]: how far apart the median pair of leaders must be to count as different in this table, where
    all pairs are tested together; None where no pair differs."""
    groups: int = 1
    """More than one where a row's score is that of its worst group."""
    detectable_difference: float | None = None
    """The same as `separable_difference` for one pair of leaders tested alone."""
    run_sd: float | None = None
    """Share: standard deviation over training runs of a typical row; None where ranks rest on test images alone."""

    @property
    def own_spreads(self) -> bool:
        """Whether each row has a spread of its own, so that no difference is typical of its pairs."""
        return self.method == WELCH

    @property
    def not_counted(self) -> str:
        """Which source of chance the ranks leave out, in a sentence; empty where they count both."""
        if self.method in (POOLED, WELCH):
            return "Other test images are not counted."
        return "" if self.run_sd is not None else "Other training runs are not counted."


def _known(difference: float) -> float | None:
    return difference if math.isfinite(difference) else None


def rank(outcomes: Sequence[Outcomes], *, higher_is_better: bool = True) -> Ranking:
    """The places of M rows from each image's share of the metric.

    outcomes: of one task, so on the same images. Rows with equal scores share the better rank. Where some rows have
    several training runs, all ranks count how much another run could change. No rows give no places.
    Raises ValueError for a worst group where lower is better.
    """
    if not outcomes:
        return Ranking((), 0, "max-T bootstrap", None)
    if outcomes[0].of_runs:
        return _rank_by_runs(outcomes, higher_is_better=higher_is_better)
    common = math.lcm(*(row.scale for row in outcomes))  # rows with different numbers of replicates: exactly
    counts = _counts(outcomes, common)
    images = counts.shape[-1]
    grouped = counts.ndim == 3
    if grouped and not higher_is_better:
        raise ValueError("a worst group is the one with the lowest score, so higher must be better")
    counts = counts if higher_is_better else -counts
    # Weights folded into the counts can make them too large for exact products; floats are rounded to a fine grid.
    exact = max(int(counts.max(initial=0)), -int(counts.min(initial=0))) <= largest_exact_integer(images)
    scores = counts if exact else counts / common
    in_shares = run_spread([row.runs for row in outcomes])
    unit = common if exact else 1
    spread = in_shares and replace(in_shares, variance=in_shares.variance * unit**2)
    intervals = worst_group_rank_intervals if grouped else rank_intervals
    result = intervals(scores, CONFIDENCE, runs=spread)
    sums = counts.sum(axis=-1, dtype=np.int64)
    sums = sums.min(axis=1) if grouped else sums
    places = tuple(
        Place(
            rank=1 + int((sums > sums[row]).sum()),
            lower=int(result.lower[row]),
            upper=int(result.upper[row]),
            tied_with=tuple(result.tied_with[row]),
        )
        for row in range(len(outcomes))
    )
    return Ranking(
        places,
        images,
        result.method,
        _known(result.smallest_separable_difference / unit),
        groups=counts.shape[1] if grouped else 1,
        detectable_difference=_known(result.smallest_detectable_difference / unit),
        run_sd=in_shares.typical_sd if in_shares else None,
    )


def _counts(outcomes: Sequence[Outcomes], common: int) -> np.ndarray:
    """Every row's values on the common scale, as narrow integers as will do: there may be ten thousand rows."""
    if all(row.scale == common for row in outcomes):
        largest = max(int(row.values.max(initial=0)) for row in outcomes)
        kind = next(kind for kind in (np.int16, np.int32, np.int64) if largest <= np.iinfo(kind).max)
        counts = np.empty((len(outcomes), *outcomes[0].values.shape), dtype=kind)
        for row, outcome in enumerate(outcomes):
            counts[row] = outcome.values
        return counts
    return np.stack([row.values.astype(np.int64) * (common // row.scale) for row in outcomes])


def _rank_by_runs(outcomes: Sequence[Outcomes], *, higher_is_better: bool) -> Ranking:
    """The places of rows whose scores are means over training runs, any number of them each."""
    sign = 1 if higher_is_better else -1
    shares = [sign * row.values / row.scale for row in outcomes]
    # One set's run is a net, and one of several sets' is a set: its answers of all nets are counted on another scale.
    result = training_run_ranks(shares, CONFIDENCE, alike=len({row.scale for row in outcomes}) == 1)
    means = [Fraction(sign * int(row.values.sum()), row.scale * len(row.values)) for row in outcomes]
    places = tuple(
        Place(
            rank=1 + sum(other > means[row] for other in means),
            lower=int(result.lower[row]),
            upper=int(result.upper[row]),
            tied_with=tuple(result.tied_with[row]),
        )
        for row in range(len(outcomes))
    )
    method = POOLED if math.isfinite(result.pooled_sd) else WELCH
    spread = run_spread(shares)
    return Ranking(
        places,
        outcomes[0].count,
        method,
        _known(result.smallest_separable_difference),
        detectable_difference=_known(result.smallest_detectable_difference),
        run_sd=spread.typical_sd if spread else None,
    )
