"""Comparisons of training runs against scipy's tests, by simulation, and where they are not defined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.statistics import equal_spread_p_value, training_run_ranks, welch_p_value

COUNTS = st.lists(st.integers(0, 10_000), min_size=2, max_size=8)


def spread_out(*rows):
    return all(len(set(row)) > 1 for row in rows)


@given(COUNTS, COUNTS)
@settings(max_examples=60, deadline=None)
def test_welch_is_scipys(first, second):
    if not spread_out(first, second):
        return
    expected = stats.ttest_ind(first, second, equal_var=False).pvalue
    assert welch_p_value(first, second) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@given(st.lists(COUNTS, min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_the_check_of_equal_spread_is_scipys_levene_around_medians(rows):
    counted = [row for row in rows if len(row) > 2]
    with np.errstate(all="ignore"):  # scipy divides by zero where no distance has a spread
        expected = stats.levene(*counted, center="median").pvalue if len(counted) > 1 else 1.0
    if math.isfinite(expected):
        assert equal_spread_p_value(rows) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_single_runs_and_runs_without_spread():
    assert welch_p_value([5.0], [1.0, 2.0]) == 1.0
    assert welch_p_value([], [1.0, 2.0]) == 1.0
    assert welch_p_value([3, 3], [3, 3]) == 1.0
    assert welch_p_value([3, 3], [4, 4]) == 0.0
    assert equal_spread_p_value([[1, 2, 3], [4]]) == 1.0
    assert equal_spread_p_value([[1, 2, 3], [10, 30]]) == 1.0  # two distances from their median are always equal
    assert equal_spread_p_value([[1, 1, 1], [2, 2, 2]]) == 1.0


def test_rows_of_two_runs_share_a_spread_until_more_runs_say_otherwise():
    rng = np.random.Generator(np.random.PCG64(3))
    for _ in range(20):
        assert math.isfinite(training_run_ranks([rng.normal(50, 1, 2) for _ in range(6)]).pooled_sd)


def test_runs_of_unlike_kinds_share_no_spread():
    rows = [[70.1, 70.9, 71.2, 70.4], [69.0, 69.9, 69.4, 69.2]]
    assert math.isfinite(training_run_ranks(rows).pooled_sd)
    assert math.isnan(training_run_ranks(rows, alike=False).pooled_sd)


def test_two_rows_with_one_spread_are_students_test():
    first, second = [70.1, 70.9, 71.2, 70.4], [69.0, 69.9, 69.4, 69.2, 69.7]
    p_value = stats.ttest_ind(first, second).pvalue
    for confidence, apart in ((1 - p_value / 0.999, False), (1 - p_value / 1.001, True)):
        found = training_run_ranks([first, second], confidence)
        # A p-value a little below the level separates, one a little above it does not.
        assert (found.tied_with == [[], []]) is not apart
    assert found.pooled_sd == pytest.approx(math.sqrt((3 * np.var(first, ddof=1) + 4 * np.var(second, ddof=1)) / 7))


def test_rows_of_unequal_spread_are_compared_by_welch():
    rng = np.random.Generator(np.random.PCG64(1))
    wide, narrow = rng.normal(50, 10, 12), rng.normal(60, 0.1, 12)
    found = training_run_ranks([wide, narrow])
    assert equal_spread_p_value([wide, narrow]) < 0.05
    assert math.isnan(found.pooled_sd)
    assert (found.tied_with == [[], []]) == (welch_p_value(wide, narrow) < 0.05)


def test_a_single_run_is_told_apart_by_the_spread_of_the_others_only():
    others = [[70.0, 70.2, 69.9], [60.1, 60.0, 59.8]]
    assert training_run_ranks([*others, [40.0]]).upper.tolist() == [1, 2, 3]
    alone = training_run_ranks([[70.0], [40.0]])
    assert alone.lower.tolist() == [1, 1]
    assert alone.upper.tolist() == [2, 2]
    assert math.isnan(alone.smallest_separable_difference)


def test_copies_change_nothing_for_others():
    rows = [[70.0, 70.6, 69.7], [68.9, 69.6, 69.2], [66.0, 66.4, 65.1]]
    before, after = training_run_ranks(rows), training_run_ranks([*rows, rows[2], rows[2]])
    assert after.lower.tolist()[:3] == before.lower.tolist()
    assert after.tied_with[:2] == before.tied_with[:2]
    assert after.tied_with[2] == [*before.tied_with[2], 3, 4]
    assert after.pooled_sd == before.pooled_sd


def test_no_rows_and_rows_that_are_none():
    assert training_run_ranks([]).lower.shape == (0,)
    assert training_run_ranks([[1.0, 2.0]]).upper.tolist() == [1]
    with pytest.raises(ValueError, match="at least one run"):
        training_run_ranks([[1.0], []])
    with pytest.raises(ValueError, match="NaN"):
        training_run_ranks([[1.0, math.nan]])
    with pytest.raises(ValueError, match="confidence"):
        training_run_ranks([[1.0, 2.0]], confidence=95)


@pytest.mark.parametrize("spreads", [(0.4,) * 5, (0.2, 0.2, 0.2, 1.0, 1.0)])
def test_all_true_ranks_are_inside_at_the_stated_confidence(spreads):
    """Three rows of one mean and two others, five runs each: how often any pair is put in the wrong order or apart."""
    rng = np.random.Generator(np.random.PCG64(7))
    truth = np.array([70.0, 70.0, 70.0, 69.0, 66.0])
    lowest = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
    highest = (truth[None, :] >= truth[:, None]).sum(axis=1)
    trials, held, separated = 800, 0, 0
    for _ in range(trials):
        found = training_run_ranks([rng.normal(mean, sd, 5) for mean, sd in zip(truth, spreads, strict=True)])
        held += bool((found.lower <= lowest).all() and (found.upper >= highest).all())
        separated += found.upper[0] < 5
    assert held / trials > 0.93  # the check of equal spread is weak, and costs a little of the 95 %
    assert separated / trials > 0.5
