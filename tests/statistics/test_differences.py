"""Intervals of differences."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.statistics import Interval, difference_interval, wilson_interval


def test_newcombe_method_10() -> None:
    """Newcombe (1998), Table II: 56/70 - 48/80 gives [.0524, .3339] by method 10."""
    first, second = wilson_interval(56, 70), wilson_interval(48, 80)
    interval = difference_interval(56 / 70, first, 48 / 80, second)
    assert interval.lower == pytest.approx(0.0524, abs=5e-5)
    assert interval.upper == pytest.approx(0.3339, abs=5e-5)


def test_exact_second_estimate_leaves_the_first_interval() -> None:
    assert difference_interval(0.5, Interval(0.4, 0.7), 0.2, Interval(0.2, 0.2)) == pytest.approx((0.2, 0.5))


def test_estimate_outside_its_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="first: inside its interval"):
        difference_interval(0.9, Interval(0.4, 0.7), 0.2, Interval(0.1, 0.3))


@pytest.mark.slow
@pytest.mark.parametrize("n", [200, 2000])
@pytest.mark.parametrize(("p", "q"), [(0.95, 0.9), (0.6, 0.6), (0.99, 0.98)])
def test_coverage(n: int, p: float, q: float) -> None:
    """At least .92 of 4,000 simulated pairs of test sets, Monte-Carlo error .004."""
    rng = np.random.default_rng(0)
    hits = 0
    for a, b in zip(rng.binomial(10_000, p, 4000), rng.binomial(n, q, 4000), strict=True):
        interval = difference_interval(a / 10_000, wilson_interval(int(a), 10_000), b / n, wilson_interval(int(b), n))
        hits += interval.contains(p - q)
    assert hits / 4000 >= 0.92
