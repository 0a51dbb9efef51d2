"""Intervals that hold together, and the worst of several means."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.statistics import mean_interval, simultaneous_mean_intervals, worst_interval


def test_one_column_is_the_single_interval_and_none_is_empty() -> None:
    scores = np.random.default_rng(0).random((50, 1))
    assert simultaneous_mean_intervals(scores) == [mean_interval(scores[:, 0])]
    assert simultaneous_mean_intervals(np.zeros((50, 0))) == []


def test_more_columns_are_longer() -> None:
    scores = np.random.default_rng(0).random((200, 1))
    lengths = [
        interval.upper - interval.lower
        for columns in (1, 2, 10, 25)
        for interval in simultaneous_mean_intervals(np.repeat(scores, columns, axis=1))[:1]
    ]
    assert lengths == sorted(lengths)
    assert 1.4 < lengths[-1] / lengths[0] < 1.7


def test_the_worst_names_all_that_may_be_worst() -> None:
    rng = np.random.default_rng(1)
    scores = (rng.random((1000, 4)) < [0.9, 0.52, 0.5, 0.8]).astype(float)
    worst = worst_interval(scores)
    intervals = simultaneous_mean_intervals(scores)
    assert worst.index == int(scores.mean(axis=0).argmin())
    assert worst.mean == scores.mean(axis=0).min()
    assert worst.may_be_worst == (1, 2)
    assert worst.interval.lower == min(i.lower for i in intervals)
    assert worst.interval.upper == min(i.upper for i in intervals)


def test_equal_columns_name_the_first_as_worst_and_all_as_candidates() -> None:
    worst = worst_interval(np.tile([[0.0], [1.0], [1.0]], (1, 3)))
    assert worst.index == 0
    assert worst.may_be_worst == (0, 1, 2)


def test_bits_and_floats_agree() -> None:
    bits = np.random.default_rng(2).random((40, 5)) < 0.7
    assert simultaneous_mean_intervals(bits) == simultaneous_mean_intervals(bits.astype(float))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (3,)])
def test_the_worst_of_nothing_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="scores"):
        worst_interval(np.zeros(shape))


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        simultaneous_mean_intervals([[0.5, math.nan]])


@pytest.mark.slow
@pytest.mark.parametrize("equal", [True, False])
def test_joint_coverage_of_dependent_columns_and_of_the_worst(equal: bool) -> None:
    rng = np.random.default_rng(7)
    columns, n, trials = 15, 300, 1500
    thresholds = np.zeros(columns) if equal else np.linspace(-0.5, 1, columns)
    scale = math.sqrt(1 + 0.7**2)
    truth = np.array([0.5 * (1 + math.erf((1.2 - t) / scale / math.sqrt(2))) for t in thresholds])
    together = worst = 0
    for _ in range(trials):
        ease = rng.standard_normal((n, 1)) + 1.2
        scores = ease + 0.7 * rng.standard_normal((n, columns)) > thresholds
        together += all(i.contains(t) for i, t in zip(simultaneous_mean_intervals(scores), truth, strict=True))
        worst += worst_interval(scores).interval.contains(truth.min())
    assert together / trials >= 0.94
    assert worst / trials >= 0.94
