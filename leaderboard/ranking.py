"""Ranks with the ranks that noise leaves open, for the rows of one table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.statistics import rank_intervals

CONFIDENCE = 0.95


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
    """"max-T bootstrap", or "closed form" for more than 1,000 rows."""
    separable_difference: float | None
    """Share in [0, 1]: how far apart the median pair of leaders must be to count as different in this table, where
    all pairs are tested together; None where no pair differs."""


def rank(decisions: Sequence[np.ndarray], scales: Sequence[int], *, higher_is_better: bool = True) -> Ranking:
    """The places of M rows from each image's share of the metric.

    decisions: M arrays int (N,), all of the same N; the share is decision / scale. Rows with equal means share the
    better rank. No rows give no places.
    """
    common = math.lcm(*scales)  # rows with different numbers of replicates are compared exactly
    images = decisions[0].size if decisions else 0
    counts = np.zeros((len(decisions), images), dtype=np.int64)
    for row, (decision, scale) in enumerate(zip(decisions, scales, strict=True)):
        counts[row] = decision.astype(np.int64) * (common // scale)
    result = rank_intervals(counts if higher_is_better else -counts, CONFIDENCE)
    places = tuple(
        Place(int(result.rank[row]), int(result.lower[row]), int(result.upper[row]), tuple(result.tied_with[row]))
        for row in range(len(decisions))
    )
    apart = result.smallest_separable_difference / common
    return Ranking(places, images, result.method, apart if math.isfinite(apart) else None)
