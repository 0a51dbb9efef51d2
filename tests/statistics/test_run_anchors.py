"""Means over runs against anchors: known answers, and coverage where the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import mean_difference_interval, normalized_gain_interval

RUNS = np.array([0.871, 0.874, 0.869, 0.873, 0.872])


def drawn(rng: np.random.Generator, mean: float, sd: float, count: int) -> np.ndarray:
    return rng.normal(mean, sd, count)


def test_the_difference_is_welchs() -> None:
    rng = np.random.default_rng(0)
    anchor = drawn(rng, 0.853, 0.004, 20)
    found = mean_difference_interval(RUNS, anchor)
    theirs = stats.ttest_ind(RUNS, anchor, equal_var=False).confidence_interval(0.95)
    assert found == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_gain_with_anchors_known_exactly_is_the_interval_of_the_mean_in_their_unit() -> None:
    random, oracle = np.full(20, 0.85), np.full(20, 0.90)
    found = normalized_gain_interval(RUNS, random, oracle)
    low, high = stats.t.interval(0.95, 4, RUNS.mean(), stats.sem(RUNS))
    assert found == pytest.approx(((low - 0.85) / 0.05, (high - 0.85) / 0.05), abs=1e-9)


def test_gain_ends_are_the_gains_that_t_just_refuses() -> None:
    rng = np.random.default_rng(1)
    random, oracle = drawn(rng, 0.85, 0.004, 20), drawn(rng, 0.90, 0.002, 20)
    found = normalized_gain_interval(RUNS, random, oracle)
    errors = [side.var(ddof=1) / len(side) for side in (RUNS, random, oracle)]
    gain = (RUNS.mean() - random.mean()) / (oracle.mean() - random.mean())
    parts = np.array([errors[0], (1 - gain) ** 2 * errors[1], gain**2 * errors[2]])
    degrees = parts.sum() ** 2 / (parts**2 / np.array([4, 19, 19])).sum()
    for end in found:
        off = RUNS.mean() - (1 - end) * random.mean() - end * oracle.mean()
        error = math.sqrt(errors[0] + (1 - end) ** 2 * errors[1] + end**2 * errors[2])
        assert abs(off) / error == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-9)
    assert found.lower < gain < found.upper


@pytest.mark.parametrize("true_gain", [-0.8, 0.0, 0.4, 1.0, 1.3])
def test_gain_coverage(true_gain: float) -> None:
    """At the run counts of the tasks, with spreads as measured: 5 nets against anchors of 20."""
    rng = np.random.default_rng(2)
    random, oracle, spread = 0.853, 0.897, 0.002
    inside = 0
    trials = 2000
    for _ in range(trials):
        found = normalized_gain_interval(
            drawn(rng, random + true_gain * (oracle - random), spread, 5),
            drawn(rng, random, 2 * spread, 20),
            drawn(rng, oracle, spread, 20),
        )
        inside += found.contains(true_gain)
    assert 0.93 < inside / trials < 0.97  # 6,000 trials gave .946 to .950


def test_anchors_that_cannot_be_told_apart_bound_nothing() -> None:
    rng = np.random.default_rng(3)
    low, high = drawn(rng, 0.85, 0.02, 4), drawn(rng, 0.852, 0.02, 4)
    assert all(map(math.isnan, normalized_gain_interval(RUNS, low, high)))
    assert all(map(math.isnan, normalized_gain_interval(RUNS, RUNS, RUNS)))
    assert all(map(math.isnan, normalized_gain_interval(RUNS, RUNS + 0.01, RUNS)))


@pytest.mark.parametrize("sides", [(RUNS[:1], RUNS, RUNS + 0.1), (RUNS, RUNS[:1], RUNS), (RUNS, RUNS, RUNS[:0])])
def test_single_runs_bound_nothing(sides: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    assert all(map(math.isnan, normalized_gain_interval(*sides)))
    assert all(map(math.isnan, mean_difference_interval(RUNS[:1], RUNS)))


def test_runs_without_spread_are_a_point() -> None:
    same = np.full(5, 0.87)
    assert normalized_gain_interval(same, np.full(20, 0.85), np.full(20, 0.9)) == pytest.approx((0.4, 0.4))
    assert mean_difference_interval(same, np.full(20, 0.85)) == pytest.approx((0.02, 0.02))


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="oracle"):
        normalized_gain_interval(RUNS, RUNS, [math.nan, 1.0])
    with pytest.raises(ValueError, match="anchor"):
        mean_difference_interval(RUNS, [math.inf, 1.0])
