"""ECE from histograms against the raw confidences, its floor against simulation, and its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.metrics import (
    CONFIDENCE_EDGES,
    confidence_histogram,
    expected_calibration_error,
    expected_calibration_error_bound,
    expected_calibration_error_floor,
    histogram_of_bins,
)

BINS = len(CONFIDENCE_EDGES) - 1


def confidences(rng: np.random.Generator, n: int, sharpness: float) -> np.ndarray:
    """Largest softmax probabilities of ten random logits: near 1 for a sharp net, spread for a blunt one."""
    logits = sharpness * rng.standard_normal((n, 10))
    logits -= logits.max(axis=1, keepdims=True)
    return 1 / np.exp(logits).sum(axis=1)


def raw_equal_mass_ece(confidence: np.ndarray, correct: np.ndarray, groups: int = 15) -> float:
    """The textbook: sort by confidence, cut into equal parts, compare mean confidence and accuracy."""
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, groups)
    return sum(abs(confidence[p].sum() - correct[p].sum()) for p in parts if len(p)) / len(confidence)


def raw_ece_in_the_same_groups(confidence: np.ndarray, correct: np.ndarray, groups: int) -> float:
    """Loops over images in the groups that the documented rule gives, with the raw confidences."""
    bins = [max(b for b in range(BINS) if CONFIDENCE_EDGES[b] <= c) for c in confidence]
    total, gaps = len(confidence), [0.0] * groups
    for b in sorted(set(bins)):
        below, inside = sum(x < b for x in bins), bins.count(b)
        group = min(math.floor(groups * (below + inside / 2) / total), groups - 1)
        gaps[group] += sum(correct[i] - confidence[i] for i in range(total) if bins[i] == b)
    return sum(map(abs, gaps)) / total


def test_the_edges_rise_from_0_to_1_and_narrow() -> None:
    widths = np.diff(CONFIDENCE_EDGES)
    assert CONFIDENCE_EDGES[0] == 0
    assert CONFIDENCE_EDGES[-1] == 1
    assert (widths > 0).all()
    assert widths.max() == pytest.approx(0.02)
    assert 70 <= BINS <= 100
    with pytest.raises(ValueError, match="read-only"):
        CONFIDENCE_EDGES[0] = 0.5


@given(st.integers(1, 60), st.floats(0.5, 8), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_within_the_bound_of_the_raw_confidences(n: int, sharpness: float, groups: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = confidences(rng, n, sharpness)
    correct = rng.random(n) < confidence**1.5
    histogram = confidence_histogram(confidence, correct)
    bound = expected_calibration_error_bound(histogram)
    raw = raw_ece_in_the_same_groups(confidence, correct, groups)
    assert abs(expected_calibration_error(histogram, groups) - raw) <= bound + 1e-12
    assert bound <= 0.01 + 1e-12


@pytest.mark.parametrize("sharpness", [1.0, 3.0, 8.0])
def test_close_to_the_textbook_on_ten_thousand_images(sharpness: float) -> None:
    rng = np.random.default_rng(3)
    confidence = confidences(rng, 10_000, sharpness)
    correct = rng.random(10_000) < confidence - 0.2 * confidence * (1 - confidence) - 0.03
    ours = expected_calibration_error(confidence_histogram(confidence, correct))
    assert ours == pytest.approx(raw_equal_mass_ece(confidence, correct), abs=0.0015)
    assert ours > 0.02


@pytest.mark.parametrize(("n", "sharpness"), [(100, 3.0), (1000, 3.0), (10_000, 6.0), (300, 8.0)])
def test_the_floor_is_the_mean_ece_of_calibrated_models(n: int, sharpness: float) -> None:
    rng = np.random.default_rng(n)
    middles = (CONFIDENCE_EDGES[:-1] + CONFIDENCE_EDGES[1:]) / 2
    images = confidence_histogram(confidences(rng, n, sharpness), np.zeros(n, dtype=bool))[0]
    right = rng.binomial(images, middles, size=(2000, BINS))
    simulated = [expected_calibration_error(np.stack([images, r])) for r in right]
    error = np.std(simulated) / math.sqrt(len(simulated))
    floor = expected_calibration_error_floor(np.stack([images, right[0]]))
    assert floor == pytest.approx(np.mean(simulated), abs=4 * error + 0.02 * floor)


def test_the_floor_falls_with_the_root_of_the_number_of_images() -> None:
    rng = np.random.default_rng(0)
    histogram = confidence_histogram(confidences(rng, 2000, 5.0), np.ones(2000, dtype=bool))
    ratio = expected_calibration_error_floor(histogram) / expected_calibration_error_floor(100 * histogram)
    assert ratio == pytest.approx(10, rel=0.02)


def test_one_group_is_the_difference_of_means() -> None:
    rng = np.random.default_rng(1)
    confidence = confidences(rng, 5000, 4.0)
    histogram = confidence_histogram(confidence, rng.random(5000) < 0.5)
    assert expected_calibration_error(histogram, groups=1) == pytest.approx(
        abs(histogram[1].sum() / 5000 - confidence.mean()), abs=expected_calibration_error_bound(histogram)
    )


def test_a_net_that_is_always_certain() -> None:
    histogram = confidence_histogram(np.ones(1000), np.arange(1000) < 700)
    assert np.count_nonzero(histogram[0]) == 1
    assert expected_calibration_error(histogram) == pytest.approx(0.3, abs=1e-4)
    assert expected_calibration_error_floor(histogram) < 1e-3


def test_no_image_is_nan_and_gives_zeros() -> None:
    empty = confidence_histogram([], [])
    assert empty.shape == (2, BINS)
    assert empty.dtype == np.int64
    assert not empty.any()
    for figure in (
        expected_calibration_error,
        expected_calibration_error_bound,
        expected_calibration_error_floor,
    ):
        assert math.isnan(figure(empty))


def test_bins_are_closed_below_and_the_last_holds_one() -> None:
    confidence = np.array([0.0, 0.02, np.nextafter(0.02, 0), 1.0, 1.0000001])
    images, right = confidence_histogram(confidence, np.array([True, False, True, True, False]))
    assert images[0] == 2
    assert images[1] == 1
    assert images[-1] == 2
    assert right[0] == 2
    assert right[-1] == 1
    assert images.sum() == 5


def test_histograms_of_cells_add_up() -> None:
    rng = np.random.default_rng(2)
    confidence, correct = rng.random(500), rng.random(500) < 0.5
    whole = confidence_histogram(confidence, correct)
    parts = confidence_histogram(confidence[:200], correct[:200]) + confidence_histogram(
        confidence[200:], correct[200:]
    )
    np.testing.assert_array_equal(whole, parts)


def test_from_bins_as_from_confidences() -> None:
    rng = np.random.default_rng(4)
    confidence, correct = rng.random(500), rng.random(500) < 0.5
    bins = np.array([np.flatnonzero(c >= CONFIDENCE_EDGES)[-1] for c in confidence])
    np.testing.assert_array_equal(histogram_of_bins(bins, correct), confidence_histogram(confidence, correct))
    assert not histogram_of_bins([], []).any()
    for bad in ([BINS], [-1], [0.5], [0, 1]):
        with pytest.raises(ValueError, match="bins"):
            histogram_of_bins(bad, [True])


@pytest.mark.parametrize("value", [math.nan, 1.01, -0.01, math.inf])
def test_confidences_outside_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        confidence_histogram([0.5, value], [True, True])


def test_histograms_that_cannot_be_are_refused() -> None:
    good = confidence_histogram([0.5], [True])
    with pytest.raises(ValueError, match="histogram"):
        expected_calibration_error(good[:, 1:])
    with pytest.raises(ValueError, match="histogram"):
        expected_calibration_error(good.astype(float))
    with pytest.raises(ValueError, match="at most as many right"):
        expected_calibration_error(np.stack([good[0], good[1] + 1]))
    with pytest.raises(ValueError, match="groups"):
        expected_calibration_error(good, groups=0)
