"""The interval of a difference of two estimates from their own intervals."""

from __future__ import annotations

import math

from benchmark.statistics.interval import Interval


def difference_interval(first: float, first_interval: Interval, second: float, second_interval: Interval) -> Interval:
    """Interval of first - second, two independent estimates of one unit, from the interval of each.

    The distance to each end is the root of two squares: how far the estimates may lie the way that moves the
    difference there. With Wilson's intervals of two proportions this is Newcombe's method 10 (Newcombe 1998, "Interval
    estimation for the difference between independent proportions"); for other intervals it is the square-and-add
    method (Zou and Donner 2008). Estimates outside their intervals give distances of zero or less; such are refused.
    """
    for name, value, interval in (("first", first, first_interval), ("second", second, second_interval)):
        if not interval.lower <= value <= interval.upper:
            raise ValueError(f"{name}: inside its interval {tuple(interval)}, but got {value}")
    difference = first - second
    return Interval(
        difference - math.hypot(first - first_interval.lower, second_interval.upper - second),
        difference + math.hypot(first_interval.upper - first, second - second_interval.lower),
    )
