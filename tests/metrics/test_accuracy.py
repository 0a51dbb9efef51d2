"""Accuracies against scikit-learn, and where a class, an image or a canary is missing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score

from benchmark.metrics import accuracy, balanced_accuracy, canary_accuracy, class_accuracies


@given(st.integers(2, 12), st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_balanced_accuracy_is_scikit_learns_where_all_classes_occur(classes: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n)])
    predicted = rng.integers(0, classes, len(labels))
    ours = balanced_accuracy(predicted == labels, labels, classes)
    expected = np.mean([np.mean(predicted[labels == c] == c) for c in range(classes)])
    assert ours == pytest.approx(expected)
    if set(predicted) <= set(labels):
        assert ours == pytest.approx(balanced_accuracy_score(labels, predicted))


def test_a_constant_model_is_at_the_floor_whatever_the_class_sizes() -> None:
    labels = np.repeat([0, 1, 2], [90, 9, 1])
    assert accuracy(labels == 0) == pytest.approx(0.9)
    assert balanced_accuracy(labels == 0, labels, 3) == pytest.approx(1 / 3)


def test_a_class_without_images_is_missing_not_zero() -> None:
    by_class = class_accuracies(np.array([True, False]), np.array([0, 0]), 2)
    assert by_class[0] == 0.5
    assert math.isnan(by_class[1])
    assert math.isnan(balanced_accuracy(np.array([True, False]), np.array([0, 0]), 2))
    assert balanced_accuracy(np.array([True, False]), np.array([0, 0]), 1) == 0.5


def test_no_image_is_nan() -> None:
    assert math.isnan(accuracy([]))
    assert math.isnan(balanced_accuracy([], [], 3))
    assert np.isnan(class_accuracies([], [], 3)).all()


def test_canaries_are_looked_up_by_place() -> None:
    correct = np.array([True, True, False, True, False])
    assert canary_accuracy(correct, [2, 4]) == 0
    assert canary_accuracy(correct, [0, 2, 3, 4]) == 0.5
    assert math.isnan(canary_accuracy(correct, []))


@pytest.mark.parametrize("places", [[5], [-1], [1, 1], [0.0], [[0, 1]]])
def test_canaries_outside_repeated_or_not_integers_are_refused(places: list) -> None:
    with pytest.raises(ValueError, match="canaries"):
        canary_accuracy(np.ones(5, dtype=bool), places)


def test_predictions_are_not_averaged_by_mistake() -> None:
    with pytest.raises(ValueError, match="correct: bool"):
        accuracy(np.array([3, 1, 9]))
    with pytest.raises(ValueError, match="correct: bool"):
        accuracy(np.array([1.0, math.nan]))


@pytest.mark.parametrize("labels", [[0, 3], [-1, 0], [0], [0.0, 1.0]])
def test_labels_that_do_not_fit_are_refused(labels: list) -> None:
    with pytest.raises(ValueError, match="labels"):
        class_accuracies(np.array([True, False]), labels, 3)
