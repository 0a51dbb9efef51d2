"""Paired tests against scipy and the bootstrap, and pairs without disagreement."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark.statistics import holm, mcnemar_exact, mcnemar_p_value, mean_interval, paired_difference


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_equals_the_binomial_test(b: int, c: int) -> None:
    expected = stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert float(mcnemar_p_value(b, c)) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_counts_the_one_sided_images() -> None:
    first = np.array([True, True, True, True, False, False, True])
    second = np.array([False, False, False, True, False, True, True])
    result = mcnemar_exact(first, second)
    assert (result.only_first, result.only_second) == (3, 1)
    assert result.p_value == pytest.approx(0.625)
    assert mcnemar_exact(second, first).p_value == result.p_value


def test_a_pair_without_disagreement_is_a_tie() -> None:
    answers = np.array([True, False, True])
    assert mcnemar_exact(answers, answers).p_value == 1
    assert mcnemar_exact(answers[:0], answers[:0]).p_value == 1
    test = paired_difference(answers, answers)
    assert (test.difference, test.lower, test.upper, test.p_value, test.statistic) == (0, 0, 0, 1, 0)


def test_mcnemar_takes_whole_tables_of_pairs() -> None:
    b = np.array([[0, 5], [1, 0]])
    p = mcnemar_p_value(b, b.T)
    assert p.shape == (2, 2)
    assert p[0, 0] == 1
    assert p[0, 1] == p[1, 0] == pytest.approx(stats.binomtest(1, 6).pvalue)
    with pytest.raises(ValueError, match="negative"):
        mcnemar_p_value(-1, 2)


def test_mcnemar_takes_bool_only() -> None:
    with pytest.raises(ValueError, match="bool"):
        mcnemar_exact(np.array([1, 0]), np.array([True, False]))
    with pytest.raises(ValueError, match="shape"):
        mcnemar_exact(np.array([True]), np.array([True, False]))


@given(st.integers(7, 200), st.integers(0, 2**32 - 1))
def test_paired_difference_equals_scipys_paired_t_test(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.random(n), rng.random(n)
    expected = stats.ttest_rel(a, b)
    interval = expected.confidence_interval(0.95)
    ours = paired_difference(a, b)
    assert ours.statistic == pytest.approx(expected.statistic)
    assert ours.p_value == pytest.approx(max(expected.pvalue, 2.0 ** (1 - n)))
    assert (ours.lower, ours.upper) == pytest.approx((interval.low, interval.high))


def test_the_closed_form_of_right_or_wrong_scores_and_the_bootstrap_agree() -> None:
    rng = np.random.default_rng(0)
    n = 5000
    ease = rng.normal(1.5, 1, n)
    a, b = ease + rng.normal(0, 0.6, n) > 0, ease + rng.normal(-0.05, 0.6, n) > 0
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    error = math.sqrt(only_a + only_b - (only_a - only_b) ** 2 / n) / n
    ours = paired_difference(a, b)
    assert ours.difference == pytest.approx((only_a - only_b) / n)
    assert ours.statistic == pytest.approx(ours.difference / error, rel=1e-3)
    draws = rng.integers(0, n, (2000, n))
    difference = a.astype(np.int8) - b.astype(np.int8)
    assert difference[draws].mean(axis=1).std() == pytest.approx(error, rel=0.06)


def test_pairing_is_sharper_than_comparing_two_intervals() -> None:
    rng = np.random.default_rng(5)
    ease = rng.normal(1.5, 1, 10_000)
    a, b = ease + rng.normal(0, 0.3, 10_000) > 0, ease + rng.normal(-0.08, 0.3, 10_000) > 0
    assert mean_interval(a).lower < mean_interval(b).upper
    assert paired_difference(a, b).lower > 0
    assert mcnemar_exact(a, b).p_value < 0.01


def test_a_handful_of_images_is_never_certain() -> None:
    constant = paired_difference([1.0, 1.0, 1.0], [0.5, 0.5, 0.5])
    assert constant.p_value == 0.25
    assert constant.statistic == math.inf
    assert (constant.lower, constant.upper) == (0.5, 0.5)
    one = paired_difference([1.0], [0.0])
    assert one.p_value == 1
    assert one.difference == 1
    assert math.isnan(one.lower)
    none = paired_difference([], [])
    assert none.p_value == 1
    assert math.isnan(none.difference)


@pytest.mark.parametrize(("a", "b"), [([0.1, math.nan], [0.1, 0.2]), ([0.1], [0.1, 0.2]), ([[0.1]], [[0.2]])])
def test_scores_that_do_not_fit_are_refused(a: list, b: list) -> None:
    with pytest.raises(ValueError, match=r"first|second"):
        paired_difference(a, b)


def test_holm_on_a_case_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == pytest.approx([1, 1])
    assert holm([]).shape == (0,)
    with pytest.raises(ValueError, match="p_values"):
        holm([1.5])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_lies_between_raw_and_bonferroni(p: list[float]) -> None:
    adjusted = holm(p)
    assert (adjusted >= np.array(p) - 1e-15).all()
    assert (adjusted <= np.minimum(1, len(p) * np.array(p)) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()
