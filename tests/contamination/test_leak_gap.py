"""The leak gap on small cases, its limit against simulated honest sets, and the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.contamination.leak_gap import leak_gap, leak_limit
from benchmark.statistics import replicate_interval


def answers(*right: int, of: int = 100) -> np.ndarray:
    """One run a number, that many right answers of `of`."""
    return np.arange(of)[None] < np.array(right)[:, None]


def test_the_gap_is_the_mean_difference_of_accuracies() -> None:
    gap = leak_gap(answers(80, 90), answers(75, 81))
    assert gap.value == pytest.approx(0.07)
    assert gap.runs == 2


def test_the_interval_over_runs_is_student_s() -> None:
    gap = leak_gap(answers(80, 84, 88), answers(78, 78, 79))
    expected = replicate_interval([0.02, 0.06, 0.09])
    assert gap.over_runs == pytest.approx(expected)


def test_one_run_has_no_interval() -> None:
    gap = leak_gap(answers(80), answers(80, of=200))
    assert gap.value == pytest.approx(0.4)
    assert np.isnan(gap.over_runs).all()


def test_a_net_that_knows_the_test_set_stands_out() -> None:
    rng = np.random.default_rng(1)
    honest = [leak_gap(rng.random((5, 2000)) < 0.85, rng.random((5, 2000)) < 0.86).value for _ in range(12)]
    limit = leak_limit(honest)
    leaked = leak_gap(rng.random((5, 2000)) < 0.9, rng.random((5, 2000)) < 0.86)
    assert leaked.value > limit > leak_gap(rng.random((5, 2000)) < 0.85, rng.random((5, 2000)) < 0.86).value


def test_honest_sets_exceed_the_limit_as_seldom_as_it_says() -> None:
    rng = np.random.default_rng(2)
    draws = rng.normal(-0.014, 0.002, (4000, 9))
    exceeded = np.mean([draw[8] > leak_limit(draw[:8], confidence=0.95) for draw in draws])
    assert exceeded == pytest.approx(0.05, abs=0.012)


def test_few_honest_sets_give_a_high_limit() -> None:
    few, many = [-0.01, -0.02], [-0.01, -0.02] * 10
    assert leak_limit(few) > leak_limit(many) > -0.01
    assert leak_limit([0.03, 0.03]) == 0.03


def test_what_is_not_known_is_nan() -> None:
    assert math.isnan(leak_limit([0.1]))
    assert math.isnan(leak_limit([]))
    nothing = leak_gap(answers(80), np.zeros((1, 0), bool))
    assert math.isnan(nothing.value)
    assert np.isnan(nothing.over_runs).all()


@pytest.mark.parametrize(
    ("test", "pool", "message"),
    [
        (answers(1, 2), answers(1), "pool_correct: 2 runs"),
        (answers(1)[0], answers(1), "test_correct: runs by images"),
        (np.zeros((0, 5), bool), np.zeros((0, 5), bool), "at least one run"),
        (answers(1).astype(int), answers(1), "correct: bool"),
    ],
)
def test_wrong_arrays_are_refused(test: np.ndarray, pool: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        leak_gap(test, pool)


def test_gaps_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="honest_gaps: finite"):
        leak_limit([0.1, math.nan])
