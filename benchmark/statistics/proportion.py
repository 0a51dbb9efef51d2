"""The interval of one accuracy: a number of right answers among independent images."""

from __future__ import annotations

import math

from benchmark.statistics.interval import Interval, check_confidence, normal_quantile


def wilson_interval(successes: float, n: float, confidence: float = 0.95) -> Interval:
    """Wilson score interval of a proportion, inside [0, 1].

    `successes` of `n` independent images are right. Both may be fractional, so that an effective number of
    images can be passed (see `mean_interval`). `n = 0` gives (0, 1): without an image nothing is known.
    No success gives a lower end of exactly 0, no failure an upper end of exactly 1.

    Raises ValueError unless 0 <= successes <= n and n is finite. Source: Wilson (1927), "Probable inference,
    the law of succession, and statistical inference"; without continuity correction.
    """
    check_confidence(confidence)
    if not (0 <= successes <= n and math.isfinite(n)):
        raise ValueError(f"successes: between 0 and the number of images {n}, but got {successes}")
    if n == 0:
        return Interval(0.0, 1.0)
    z = normal_quantile(confidence)
    share = successes / n
    shrink = 1 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    lower = 0.0 if successes == 0 else max(0.0, centre - half)
    upper = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(lower, upper)
