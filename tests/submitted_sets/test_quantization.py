"""Levels of images: an exact inverse, an error within half a level, plain division between 0 and 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmark.submitted_sets import Quantized, dequantize, quantize
from benchmark.submitted_sets.quantization import MAX_PIXEL

ALL_CODES = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
values = st.floats(-MAX_PIXEL, MAX_PIXEL, width=32, allow_subnormal=False)


@given(arrays(np.float32, (2, 3, 3, 2), elements=values))
@settings(max_examples=200, deadline=None)
def test_error_is_within_the_bound_and_a_second_round_changes_nothing(images: np.ndarray) -> None:
    stored = quantize(images)
    decoded = dequantize(stored.codes, stored.bounds)
    assert decoded.dtype == np.float32
    assert decoded.shape == images.shape
    error = np.abs(decoded.astype(np.float64) - images).max()
    assert error <= stored.largest_rounding_error
    assert np.array_equal(decoded.min(axis=(0, 1, 2)), images.min(axis=(0, 1, 2))), "nothing is cut off"
    assert np.array_equal(decoded.max(axis=(0, 1, 2)), images.max(axis=(0, 1, 2)))


@given(st.floats(-3, 3, width=32), st.floats(2**-10, 8, width=32))
@settings(max_examples=200, deadline=None)
def test_the_inverse_is_exact(low: float, width: float) -> None:
    bounds = np.array([[low, low + width]], np.float32)
    decoded = dequantize(ALL_CODES, bounds)
    again = quantize(decoded)
    assert np.array_equal(again.codes, ALL_CODES)
    assert np.array_equal(again.bounds, bounds)
    assert np.array_equal(dequantize(again.codes, again.bounds), decoded)


def test_the_bound_is_nearly_reached() -> None:
    images = np.linspace(-1.6, 2.0, 100_001, dtype=np.float32).reshape(1, -1, 1, 1)
    stored = quantize(images)
    error = np.abs(dequantize(stored.codes, stored.bounds).astype(np.float64) - images).max()
    assert 0.99 * stored.largest_rounding_error < error <= stored.largest_rounding_error
    assert stored.largest_rounding_error == pytest.approx(3.6 / 510, rel=1e-3)


def test_without_bounds_a_code_is_its_share_of_255() -> None:
    plain = ALL_CODES.astype(np.float32) / np.float32(255)
    assert np.array_equal(dequantize(ALL_CODES).ravel(), plain.ravel())
    assert np.array_equal(dequantize(ALL_CODES, np.array([[0, 1]], np.float32)).ravel(), plain.ravel())


def test_channels_have_bounds_of_their_own_and_move_to_the_end() -> None:
    codes = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    bounds = np.array([[0, 1], [-2, 3], [5, 5]], np.float32)
    decoded = dequantize(codes, bounds)
    assert decoded.shape == (2, 4, 5, 3)
    for image, channel, row, column in [(0, 0, 0, 0), (1, 1, 2, 3), (1, 2, 3, 4)]:
        low, high = bounds[channel]
        expected = low + codes[image, channel, row, column] / 255 * (high - low)
        assert decoded[image, row, column, channel] == pytest.approx(expected, abs=1e-6)


def test_a_constant_channel_has_one_level() -> None:
    stored = quantize(np.full((2, 3, 3, 1), 0.25, np.float32))
    assert not stored.codes.any()
    assert (dequantize(stored.codes, stored.bounds) == 0.25).all()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, MAX_PIXEL * 1.1])
def test_no_levels_for_values_that_are_no_pixels(wrong: float) -> None:
    images = np.zeros((1, 2, 2, 1), np.float32)
    images[0, 1, 1] = wrong
    with pytest.raises(ValueError, match="finite numbers between"):
        quantize(images)
    with pytest.raises(ValueError, match="at least one"):
        quantize(np.zeros((0, 2, 2, 1)))
    assert isinstance(quantize(np.zeros((1, 2, 2, 1))), Quantized)
