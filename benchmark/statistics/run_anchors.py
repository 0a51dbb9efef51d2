"""Means over training runs against anchors that are means over training runs too, each with its own error."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from benchmark.statistics.interval import Interval, check_confidence, student_quantile
from benchmark.statistics.means import finite_vector

_NOTHING = Interval(math.nan, math.nan)


def mean_difference_interval(runs: ArrayLike, anchor: ArrayLike, confidence: float = 0.95) -> Interval:
    """Interval of the mean of some runs minus that of an anchor's runs, over training runs of both.

    runs, anchor: float (k,), independent, any k each, in one unit. Student's t with Welch's standard error and
    Satterthwaite's degrees. Fewer than two runs on either side give (nan, nan). Raises ValueError for NaN and another
    shape.
    """
    check_confidence(confidence)
    sides = [finite_vector(runs, "runs"), finite_vector(anchor, "anchor")]
    if min(len(side) for side in sides) < 2:
        return _NOTHING
    parts = [float(side.var(ddof=1)) / len(side) for side in sides]
    difference = float(sides[0].mean() - sides[1].mean())
    half = _quantile(parts, [len(side) - 1 for side in sides], confidence) * math.sqrt(sum(parts))
    return Interval(difference - half, difference + half)


def normalized_gain_interval(
    runs: ArrayLike, random: ArrayLike, oracle: ArrayLike, confidence: float = 0.95
) -> Interval:
    """Interval of (mean(runs) - mean(random)) / (mean(oracle) - mean(random)), over training runs of all three.

    runs, random, oracle: float (k,), independent, any k each, in one unit. The gains g that Student's t does not refuse
    for mean(runs) - (1 - g) mean(random) - g mean(oracle) = 0. Source: Fieller (1954), "Some problems in interval
    estimation"; the variances are estimated apart, with Satterthwaite's degrees at the observed gain. Unlike an
    interval from a linearized ratio it is not symmetric, and it has no finite ends where the anchors themselves cannot
    be told apart: (nan, nan), as where the oracle is not above random or any of the three has fewer than two runs.
    Raises ValueError for NaN and another shape.
    """
    check_confidence(confidence)
    named = (("runs", runs), ("random", random), ("oracle", oracle))
    sides = [finite_vector(values, name) for name, values in named]
    if min(len(side) for side in sides) < 2:
        return _NOTHING
    own, low, high = (float(side.mean()) for side in sides)
    if not high > low:
        return _NOTHING
    of_own, of_low, of_high = (float(side.var(ddof=1)) / len(side) for side in sides)
    span, ahead = high - low, own - low
    gain = ahead / span
    parts = [of_own, (1 - gain) ** 2 * of_low, gain**2 * of_high]
    squared = _quantile(parts, [len(side) - 1 for side in sides], confidence) ** 2
    # (ahead - g span)^2 = squared * (of_own + (1 - g)^2 of_low + g^2 of_high), a quadratic equation in g.
    leading = span**2 - squared * (of_low + of_high)
    if leading <= 0:
        return _NOTHING
    middle = ahead * span - squared * of_low
    root = math.sqrt(max(middle**2 - leading * (ahead**2 - squared * (of_own + of_low)), 0.0))
    return Interval((middle - root) / leading, (middle + root) / leading)


def _quantile(parts: list[float], degrees: list[int], confidence: float) -> float:
    """Student's quantile for a sum of estimated variances; 0 where there is none."""
    total = sum(parts)
    if total == 0:
        return 0.0
    return student_quantile(
        confidence, total**2 / sum(part**2 / free for part, free in zip(parts, degrees, strict=True))
    )
