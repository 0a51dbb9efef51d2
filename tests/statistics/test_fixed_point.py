"""Scores as integers: exact where they are averages over cells, and free of summation noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.statistics.fixed_point import largest_exact_integer, to_integers


@given(st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_averages_over_cells_are_exact_and_lose_their_noise(cells: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    right = rng.integers(0, cells + 1, (3, 40))
    noise = rng.uniform(-1e-13, 1e-13, right.shape)
    integers, unit = to_integers(right / cells + noise)
    np.testing.assert_allclose(integers * unit, right / cells, rtol=0, atol=1e-12)
    exact = [sum(row) for row in right.tolist()]
    ours = integers.sum(axis=1).tolist()
    assert [[a < b for b in exact] for a in exact] == [[a < b for b in ours] for a in ours]


def test_the_mean_of_two_families_of_cells_is_exact() -> None:
    rng = np.random.default_rng(0)
    scores = (rng.integers(0, 76, (5, 300)) / 75 + rng.integers(0, 51, (5, 300)) / 50) / 2
    integers, unit = to_integers(scores)
    assert unit == pytest.approx(1 / 300)
    np.testing.assert_allclose(integers * unit, scores, atol=1e-12)


def test_bits_and_integers_are_taken_as_they_are() -> None:
    bits = np.array([[True, False], [True, True]])
    for scores in (bits, bits.astype(int), 7 * bits.astype(int), bits * 0.5):
        integers, _ = to_integers(scores)
        np.testing.assert_array_equal(integers, bits.astype(int))
    assert to_integers(7 * bits.astype(int))[1] == 7


@given(st.floats(1e-6, 1e6), st.integers(0, 2**32 - 1))
def test_any_float_is_kept_to_the_grid_and_products_stay_exact(scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = scale * rng.standard_normal((4, 1000))
    integers, unit = to_integers(scores)
    assert np.abs(integers).max() <= largest_exact_integer(1000)
    np.testing.assert_allclose(integers * unit, scores, rtol=0, atol=2e-6 * np.abs(scores).max())
    assert max(sum(x * x for x in row) for row in integers.tolist()) < 2**51


def test_nothing_and_zeros() -> None:
    for shape in ((0, 5), (5, 0), (2, 3)):
        integers, unit = to_integers(np.zeros(shape))
        assert integers.shape == shape
        assert np.issubdtype(integers.dtype, np.signedinteger)
        assert unit > 0


@pytest.mark.parametrize("scores", [[[0.5, math.nan]], [[math.inf]], [0.5], [[2**40, 1]], [[-(2**40), 1]]])
def test_scores_that_cannot_be_exact_are_refused(scores: list) -> None:
    with pytest.raises(ValueError, match="scores"):
        to_integers(scores)
