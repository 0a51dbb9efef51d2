"""Intervals of means over images and training runs: limits that are known, and coverage by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark.statistics import mean_interval, replicate_interval, runs_and_images_interval, wilson_interval


@given(st.lists(st.booleans(), max_size=300), st.floats(0.5, 0.999))
def test_right_or_wrong_scores_give_wilson(correct: list[bool], confidence: float) -> None:
    ours = mean_interval(np.array(correct, dtype=bool), confidence)
    assert ours == pytest.approx(wilson_interval(sum(correct), len(correct), confidence), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80))
def test_inside_0_and_1_around_the_mean_and_no_longer_than_wilson(scores: list[float]) -> None:
    interval = mean_interval(scores)
    mean = float(np.mean(scores))
    assert 0 <= interval.lower <= mean + 1e-12
    assert mean - 1e-12 <= interval.upper <= 1
    longest = wilson_interval(mean * len(scores), len(scores))
    assert interval.upper - interval.lower <= longest.upper - longest.lower + 1e-9


def test_normal_theory_for_many_images() -> None:
    scores = np.random.default_rng(0).beta(4, 2, 10_000)
    expected = stats.norm.interval(0.95, scores.mean(), scores.std() / 100)
    assert mean_interval(scores) == pytest.approx(expected, abs=2e-5)


def test_versions_of_an_image_do_not_count_as_images() -> None:
    rng = np.random.default_rng(0)
    cells = rng.random((1000, 75)) < rng.beta(0.5, 0.2, 1000)[:, None]
    honest = mean_interval(cells.mean(axis=1))
    as_if_independent = mean_interval(cells.ravel())
    assert 3 < (honest.upper - honest.lower) / (as_if_independent.upper - as_if_independent.lower) < 9


def test_no_image_one_image_and_equal_images() -> None:
    assert mean_interval([]) == (0.0, 1.0)
    one = mean_interval([0.5])
    assert one.upper - one.lower > 0.6
    several = mean_interval([0.5] * 10)
    assert 0.1 < several.upper - several.lower < 0.4
    assert mean_interval([1.0] * 10) == wilson_interval(10, 10)
    assert mean_interval([0.0] * 10) == wilson_interval(0, 10)


@pytest.mark.parametrize("scores", [[0.5, math.nan], [math.inf], [1.01], [-0.1], [[0.5]]])
def test_scores_that_are_none_are_refused(scores: list) -> None:
    with pytest.raises(ValueError, match="per_image"):
        mean_interval(scores)


def test_three_runs_take_the_student_factor() -> None:
    runs = [0.92, 0.925, 0.918]
    expected = stats.t.interval(0.95, 2, np.mean(runs), stats.sem(runs))
    assert replicate_interval(runs) == pytest.approx(expected)


def test_one_run_says_nothing_about_runs() -> None:
    for runs in ([], [0.9]):
        assert all(math.isnan(end) for end in replicate_interval(runs))
    assert all(math.isnan(end) for end in runs_and_images_interval([[0.9, 0.8]]))
    assert all(math.isnan(end) for end in runs_and_images_interval([[0.9], [0.8]]))
    assert replicate_interval([0.9, 0.9]) == (0.9, 0.9)


def test_both_sources_are_longer_than_either() -> None:
    rng = np.random.default_rng(1)
    images, runs = rng.beta(3, 1, 400), rng.normal(0, 0.02, (5, 1))
    scores = np.clip(images + runs + rng.normal(0, 0.05, (5, 400)), 0, 1)
    both = runs_and_images_interval(scores)
    of_runs = replicate_interval(scores.mean(axis=1))
    of_images = mean_interval(scores.mean(axis=0))
    for single in (of_runs, of_images):
        assert both.upper - both.lower > 0.9 * (single.upper - single.lower)
    assert both.contains(float(scores.mean()))
    assert runs_and_images_interval(np.full((3, 4), 0.5)) == (0.5, 0.5)
    with pytest.raises(ValueError, match="finite"):
        runs_and_images_interval([[0.1, math.nan], [0.1, 0.2]])
    with pytest.raises(ValueError, match="runs by images"):
        runs_and_images_interval([0.1, 0.2])


@pytest.mark.slow
@pytest.mark.parametrize(("n", "a", "b"), [(30, 2.0, 0.5), (100, 5.0, 0.1), (300, 0.5, 0.5), (1000, 20.0, 0.2)])
def test_coverage_of_a_mean_over_cells(n: int, a: float, b: float) -> None:
    """Images of beta-distributed ease, 25 dependent cells each; the truth is a / (a + b)."""
    rng = np.random.default_rng(n)
    trials = 4000
    ease = rng.beta(a, b, (trials, n))
    scores = rng.binomial(25, ease) / 25
    covered = np.mean([mean_interval(row).contains(a / (a + b)) for row in scores])
    assert 0.925 <= covered <= 0.985


@pytest.mark.slow
def test_coverage_over_runs_and_images() -> None:
    rng = np.random.default_rng(0)
    trials, k, n = 3000, 3, 200
    images = rng.normal(0.8, 0.1, (trials, 1, n))
    scores = images + rng.normal(0, 0.01, (trials, k, 1)) + rng.normal(0, 0.1, (trials, k, n))
    covered = np.mean([runs_and_images_interval(table).contains(0.8) for table in scores])
    assert 0.93 <= covered <= 0.99
