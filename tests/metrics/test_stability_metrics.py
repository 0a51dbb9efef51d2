"""Stability metrics on small cases, each defined edge, and a plain search for thresholds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmark.metrics.stability import (
    agreement_with_first,
    first_fall,
    last_fall,
    noise_threshold,
    right_in_all,
    same_in_all,
)

PREDICTED = np.array([[0, 1, 2, 3], [0, 1, 2, 4], [0, 5, 2, 5]])
LABELS = np.array([0, 1, 3, 3])
HEIGHTS = arrays(np.float64, 5, elements=st.floats(-1, 1))


def test_versions_of_four_images() -> None:
    assert right_in_all(PREDICTED == LABELS).tolist() == [True, False, False, False]
    assert same_in_all(PREDICTED).tolist() == [True, False, True, False]
    assert agreement_with_first(PREDICTED).tolist() == [1.0, 0.5, 1.0, 0.0]


def test_a_constant_model_is_consistent_and_no_better_than_its_class() -> None:
    labels = np.arange(1000) % 10
    constant = np.full((9, 1000), 4)
    assert right_in_all(constant == labels).mean() == 0.1
    assert same_in_all(constant).all()
    assert (agreement_with_first(constant) == 1).all()


def test_guesses_drawn_anew_each_time_are_at_zero() -> None:
    labels = np.arange(2000) % 10
    guesses = np.random.default_rng(1).integers(0, 10, (9, 2000))
    assert right_in_all(guesses == labels).sum() == 0
    assert same_in_all(guesses).sum() == 0
    assert agreement_with_first(guesses).mean() == pytest.approx(0.1, abs=0.02)


@given(arrays(np.int64, (4, 6), elements=st.integers(0, 2)), arrays(np.int64, 6, elements=st.integers(0, 2)))
def test_right_in_all_is_right_once_and_the_same_everywhere(predicted: np.ndarray, labels: np.ndarray) -> None:
    expected = (predicted[0] == labels) & same_in_all(predicted)
    assert (right_in_all(predicted == labels) == expected).all()
    assert (same_in_all(predicted) == (agreement_with_first(predicted) == 1)).all()


def test_one_version_and_no_image() -> None:
    assert np.isnan(agreement_with_first(np.array([[1, 2]]))).all()
    assert same_in_all(np.array([[1, 2]])).all()
    assert right_in_all(np.zeros((9, 0), bool)).shape == (0,)


@pytest.mark.parametrize("wrong", [np.zeros((0, 3), np.int64), np.zeros(3, np.int64), np.zeros((2, 3))])
def test_predictions_of_another_kind_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="predicted"):
        same_in_all(wrong)
    with pytest.raises(ValueError, match="correct"):
        right_in_all(wrong)


@pytest.mark.parametrize(
    ("heights", "first", "last"),
    [
        ([2.0, 1.0, -1.0], 1.5, 1.5),
        ([2.0, 0.0, -1.0], 1.0, 1.0),
        ([2.0, -2.0, 2.0], 0.5, 2.0),
        ([2.0, -2.0, 1.0], 0.5, 2.0),
        ([2.0, 1.0, 0.5], 2.0, 2.0),
        ([0.0, 1.0, -1.0], 0.0, 1.5),
        ([-1.0, -1.0, -1.0], 0.0, 0.0),
        ([1.0, math.nan, -1.0], math.nan, math.nan),
    ],
)
def test_falls(heights: list[float], first: float, last: float) -> None:
    assert first_fall([0, 1, 2], heights) == pytest.approx(first, nan_ok=True)
    assert last_fall([0, 1, 2], heights) == pytest.approx(last, nan_ok=True)


@given(HEIGHTS)
def test_falls_as_a_fine_search_finds_them(heights: np.ndarray) -> None:
    levels = np.array([0.0, 0.5, 1.0, 3.0, 4.0])
    grid = np.union1d(np.linspace(0, 4, 4001), levels)
    curve = np.interp(grid, levels, heights)
    first, last = first_fall(levels, heights), last_fall(levels, heights)
    assert first <= last
    assert (curve[grid < first - 1e-9] > 0).all()
    assert (curve[grid > last + 1e-9] <= 1e-12).all()


@given(HEIGHTS, HEIGHTS)
def test_a_curve_above_another_falls_later(one: np.ndarray, other: np.ndarray) -> None:
    levels = [0.0, 0.5, 1.0, 3.0, 4.0]
    assert first_fall(levels, np.maximum(one, other)) >= first_fall(levels, one) - 1e-12
    assert last_fall(levels, np.maximum(one, other)) >= last_fall(levels, one) - 1e-12


def test_threshold_is_half_way_to_chance() -> None:
    assert noise_threshold([0.1, 0.2], [0.7, 0.3], clean_accuracy=0.9, chance=0.1) == pytest.approx(0.15)
    assert noise_threshold([0.1, 0.2], [0.9, 0.8], clean_accuracy=0.9, chance=0.1) == 0.2
    assert noise_threshold([0.1, 0.2], [0.1, 0.1], clean_accuracy=0.9, chance=0.1) == pytest.approx(0.05)


def test_threshold_is_relative_to_the_models_own_accuracy() -> None:
    assert noise_threshold([0.1, 0.2], [0.35, 0.15], clean_accuracy=0.4, chance=0.1) == pytest.approx(0.15)


@pytest.mark.parametrize("clean", [0.1, 0.05, math.nan])
def test_a_model_at_chance_has_no_threshold(clean: float) -> None:
    assert math.isnan(noise_threshold([0.1], [0.1], clean, chance=0.1))


@pytest.mark.parametrize(
    ("levels", "accuracies", "message"),
    [
        ([0.2, 0.1], [0.5, 0.5], "rising"),
        ([0.0, 0.1], [0.5, 0.5], "rising"),
        ([0.1, 0.2], [0.5], "heights: 3 like levels"),
        ([0.1], [50.0], "fractions"),
    ],
)
def test_refusals(levels: list[float], accuracies: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        noise_threshold(levels, accuracies, 0.9, 0.1)
