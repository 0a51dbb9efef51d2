"""Wilson's interval against scipy, at its edges, and its coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark.statistics import Interval, wilson_interval


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.9999))
def test_equals_scipy(counts: tuple[int, int], confidence: float) -> None:
    successes, n = counts
    expected = stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    ours = wilson_interval(successes, n, confidence)
    assert ours == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert ours.contains(successes / n)


def test_no_image_says_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_ends_are_exact_where_all_are_wrong_or_right() -> None:
    assert wilson_interval(0, 7).lower == 0
    assert wilson_interval(7, 7).upper == 1
    assert 0 < wilson_interval(0, 7).upper < 1


def test_mirrored() -> None:
    lower, upper = wilson_interval(3, 11)
    assert wilson_interval(8, 11) == pytest.approx((1 - upper, 1 - lower))


@pytest.mark.parametrize("counts", [(-1, 5), (6, 5), (math.nan, 5), (1, math.nan), (1, math.inf), (0, -1)])
def test_impossible_counts_are_refused(counts: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson_interval(*counts)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.1, math.nan])
def test_impossible_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        wilson_interval(1, 2, confidence)


def test_an_interval_with_an_unknown_end_contains_nothing() -> None:
    assert not Interval(math.nan, math.nan).contains(0.5)


@pytest.mark.parametrize(
    ("n", "p", "published"), [(30, 0.97, 0.940), (100, 0.99, 0.921), (10, 0.9, 0.930), (1000, 0.99, 0.964)]
)
def test_exact_coverage(n: int, p: float, published: float) -> None:
    covered = [k for k in range(n + 1) if wilson_interval(k, n).contains(p)]
    assert float(np.sum(stats.binom.pmf(covered, n, p))) == pytest.approx(published, abs=0.0006)
