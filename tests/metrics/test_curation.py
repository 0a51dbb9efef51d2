"""Metrics of a pick: known answers, floors, and what is undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmark.metrics import (
    class_balance,
    detected,
    filtering,
    found_by_inspection,
    normalized_gain,
    redundant_share,
)


def test_gain_is_0_and_1_at_the_anchors_and_never_clipped() -> None:
    assert normalized_gain(0.85, 0.85, 0.90) == 0
    assert normalized_gain(0.90, 0.85, 0.90) == 1
    assert normalized_gain(0.068, 0.85, 0.90) == pytest.approx(-15.64)
    assert normalized_gain(0.95, 0.85, 0.90) == pytest.approx(2)


@pytest.mark.parametrize("anchors", [(0.9, 0.9), (0.9, 0.8), (math.nan, 0.9), (0.8, math.nan)])
def test_gain_between_anchors_in_disorder_is_nan(anchors: tuple[float, float]) -> None:
    assert math.isnan(normalized_gain(0.85, *anchors))


def test_balance_of_equal_classes_is_1_and_of_one_class_0() -> None:
    assert class_balance(np.repeat(np.arange(10), 7), 10) == pytest.approx(1)
    assert class_balance(np.zeros(50, int), 10) == 0
    assert class_balance([0, 1], 4) == pytest.approx(0.5)
    assert class_balance([0, 1, 1], 2, weights=[2.0, 1.0, 1.0]) == pytest.approx(1)


def test_a_repeat_counts_as_an_integer_weight() -> None:
    labels, weights = np.array([0, 1, 2]), np.array([3.0, 1.0, 2.0])
    repeated = np.repeat(labels, weights.astype(int))
    assert class_balance(labels, 5, weights) == pytest.approx(class_balance(repeated, 5))


def test_balance_of_nothing_is_nan_and_foreign_labels_are_refused() -> None:
    assert math.isnan(class_balance([], 10))
    assert math.isnan(class_balance([1, 2], 10, weights=[0.0, 0.0]))
    for labels in ([10], [-1], [0.5]):
        with pytest.raises(ValueError, match="labels"):
            class_balance(labels, 10)
    with pytest.raises(ValueError, match="classes"):
        class_balance([0], 1)


def test_redundant_share() -> None:
    assert redundant_share([4, 5, 6]) == 0
    assert redundant_share([4, 4, 4, 9]) == 0.5
    assert redundant_share([-1, -1, 3]) == 0  # images of their own are not copies of each other
    assert math.isnan(redundant_share([]))


def test_filtering_of_a_perfect_and_an_inverted_pick() -> None:
    dirty = np.arange(10) < 3
    assert filtering(~dirty, dirty) == (1, 1)
    assert filtering(dirty, dirty) == (0, 0)


def test_filtering_of_a_random_pick_is_at_its_floor() -> None:
    rng = np.random.default_rng(0)
    dirty = rng.random(60_000) < 0.2
    picked = np.zeros(60_000, bool)
    picked[rng.permutation(60_000)[:5000]] = True
    assert filtering(picked, dirty) == pytest.approx((1 - 5 / 60, 0.2), abs=0.02)


def test_filtering_of_nothing_is_nan() -> None:
    nobody, dirty = np.zeros(4, bool), np.array([True, False, False, False])
    assert math.isnan(filtering(~nobody, dirty).precision)
    assert math.isnan(filtering(~nobody, nobody).recall)


def test_filtering_refuses_other_dtypes_and_shapes() -> None:
    with pytest.raises(ValueError, match="picked"):
        filtering(np.arange(3), np.zeros(3, bool))
    with pytest.raises(ValueError, match="dirty"):
        filtering(np.zeros(3, bool), np.zeros(4, bool))


def test_debug_curve_of_perfect_random_and_worst_orders() -> None:
    dirty = np.arange(1000) < 200
    shares = [0.0, 0.05, 0.1, 0.2, 1.0]
    assert found_by_inspection(np.arange(1000), dirty, shares).tolist() == [0, 0.25, 0.5, 1, 1]
    assert found_by_inspection(np.arange(1000)[::-1], dirty, shares).tolist() == [0, 0, 0, 0, 1]
    order = np.random.default_rng(0).permutation(1000)
    assert found_by_inspection(order, dirty, shares) == pytest.approx(np.array(shares), abs=0.07)


def test_a_share_that_is_a_whole_number_of_slots_is_not_rounded_down_by_floating_point() -> None:
    dirty = np.ones(100, bool)
    shares = np.arange(101) / 100
    assert found_by_inspection(np.arange(100), dirty, shares) == pytest.approx(shares)


@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_detection_is_scikit_learns(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    dirty = rng.random(count) < 0.4
    dirty[:2] = True, False
    order = rng.permutation(count)
    suspicion = np.empty(count)
    suspicion[order] = -np.arange(count)
    found = detected(order, dirty)
    assert found.average_precision == pytest.approx(average_precision_score(dirty, suspicion))
    assert found.auroc == pytest.approx(roc_auc_score(dirty, suspicion))


def test_detection_without_dirt_is_nan_and_bad_orders_are_refused() -> None:
    clean = np.zeros(4, bool)
    assert all(map(math.isnan, detected(np.arange(4), clean)))
    assert all(map(math.isnan, detected(np.arange(4), ~clean)))
    assert np.isnan(found_by_inspection(np.arange(4), clean, [0.5])).all()
    for order in ([0, 1, 2], [0, 1, 2, 2], [1, 2, 3, 4], [0.0, 1.0, 2.0, 3.0]):
        with pytest.raises(ValueError, match=r"order|dirty"):
            detected(order, clean)
    with pytest.raises(ValueError, match="shares"):
        found_by_inspection(np.arange(4), ~clean, [1.5])
