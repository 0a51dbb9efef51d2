"""Rules that depend on other rows: by hand, and their known faults, which are why they rank nobody."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.statistics.rank_rules import borda_shares, shared_ranks


def test_equal_values_share_the_better_rank() -> None:
    assert shared_ranks([0.5, 0.9, 0.5, 0.1]).tolist() == [2, 1, 2, 4]
    assert shared_ranks([]).tolist() == []


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.integers(1, 5))
def test_borda_by_plain_loops(seed: int, rows: int, tasks: int) -> None:
    scores = np.random.default_rng(seed).integers(0, 4, (rows, tasks)) / 4
    points = [0.0] * rows
    for i, j in itertools.permutations(range(rows), 2):
        points[i] += sum((scores[i, t] > scores[j, t]) + 0.5 * (scores[i, t] == scores[j, t]) for t in range(tasks))
    assert borda_shares(scores) == pytest.approx([point / ((rows - 1) * tasks) for point in points])
    ranks = stats.rankdata(-scores, method="average", axis=0).mean(axis=1)
    assert borda_shares(scores) == pytest.approx((rows - ranks) / (rows - 1))


def test_a_row_alone_and_no_row() -> None:
    assert math.isnan(borda_shares([[0.5, 0.4]])[0])
    assert borda_shares(np.zeros((0, 3))).tolist() == []


@pytest.mark.parametrize("scores", [[0.5, 0.4], np.zeros((2, 0)), [[0.5], [math.nan]]])
def test_what_has_no_place_is_refused(scores: object) -> None:
    with pytest.raises(ValueError, match="scores"):
        borda_shares(scores)  # type: ignore[arg-type]


def test_worse_copies_lift_a_row_in_bordas_count() -> None:
    """Two tasks, two rows that share them; five copies of one, a little worse in both, put it ahead."""
    fair = np.array([[0.9, 0.5], [0.5, 0.9]])
    assert borda_shares(fair).tolist() == [0.5, 0.5]
    crowded = borda_shares(np.concatenate([fair, np.repeat([[0.89, 0.49]], 5, axis=0)]))
    assert crowded[0] > crowded[1]
