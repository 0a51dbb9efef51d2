"""Percentiles and the largest of a row, against numpy and plain sorting, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.detectors.order_statistics import largest_of_each_row, percentile_of


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40), st.floats(0, 100))
def test_percentile_is_numpys(values: list[int], percentile: float) -> None:
    array = np.array(values, dtype=np.float32)
    expected = np.percentile(array.astype(np.float64), percentile)
    assert percentile_of(array, percentile) == pytest.approx(expected, rel=1e-12, abs=1e-9)


def test_percentile_of_float32_keeps_float64_digits() -> None:
    values = np.array([1.0, 1.0 + 2.0**-23], dtype=np.float32)
    assert percentile_of(values, 50) == 1 + 2.0**-24


@given(st.lists(st.lists(st.integers(-3, 3), min_size=6, max_size=6), min_size=1, max_size=5), st.integers(1, 6))
def test_exactly_the_largest_are_taken_and_the_first_of_equals(rows: list[list[int]], count: int) -> None:
    found = largest_of_each_row(np.array(rows, dtype=np.float64), count)
    for row, taken in zip(rows, found, strict=True):
        expected = sorted(range(6), key=lambda place: (-row[place], place))[:count]
        assert np.flatnonzero(taken).tolist() == sorted(expected)
