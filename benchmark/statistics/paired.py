"""Tests of two submissions on the same images, and Holm's correction when several pairs are shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmark.statistics.interval import check_confidence, student_p_value, student_quantile
from benchmark.statistics.means import finite_vector


@dataclass(frozen=True)
class PairTest:
    """Difference of two means on the same images (first minus second), its interval and two-sided p-value."""

    difference: float
    lower: float
    upper: float
    p_value: float
    statistic: float


@dataclass(frozen=True)
class McNemar:
    """How many images only the first, and only the second, gets right, and the exact two-sided p-value."""

    only_first: int
    only_second: int
    p_value: float


def paired_difference(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> PairTest:
    """Paired t test of two submissions' per-image scores, in closed form; higher is better.

    `first`, `second`: float, integer or bool (N,), one score for each base image (all its versions averaged).
    On right-or-wrong scores with b and c one-sided images the standard error is
    sqrt(b + c - (b - c)^2 / N) / sqrt(N (N - 1)), which the bootstrap over images agrees with.

    A pair without any disagreement is a tie: difference 0, interval [0, 0], p = 1. The p-value never falls
    below 2^(1 - d) with d the number of images that differ, the smallest that any sign-flip test of so many
    could reach, so that a handful of images never looks certain. One image gives the interval (nan, nan),
    none a difference of nan as well; p = 1 in both. Raises ValueError for unequal lengths and NaN.
    """
    a, b = finite_vector(first, "first"), finite_vector(second, "second")
    check_confidence(confidence)
    if len(a) != len(b):
        raise ValueError(f"second: {len(a)} scores like first, but got {len(b)}")
    n = len(a)
    if n == 0:
        return PairTest(math.nan, math.nan, math.nan, 1.0, 0.0)
    differences = a - b
    differing = int(np.count_nonzero(differences))
    if differing == 0:
        return PairTest(0.0, 0.0, 0.0, 1.0, 0.0)
    mean = float(differences.mean())
    if n == 1:
        return PairTest(mean, math.nan, math.nan, 1.0, 0.0)
    error = float(differences.std(ddof=1)) / math.sqrt(n)
    statistic = math.copysign(math.inf, mean) if error == 0 else mean / error
    half = student_quantile(confidence, n - 1) * error
    floor = math.ldexp(1.0, 1 - differing)
    p_value = max(student_p_value(statistic, n - 1), floor)
    return PairTest(mean, mean - half, mean + half, p_value, statistic)


def mcnemar_p_value(only_first: ArrayLike, only_second: ArrayLike) -> NDArray[np.float64]:
    """Exact two-sided McNemar p-values, float64 in (0, 1], for counts of one-sided images of any equal shape.

    p = min(1, 2 P(X <= min(b, c))), X binomial with b + c draws at 1/2; b = c = 0 gives 1, a tie.
    Source: McNemar (1947), "Note on the sampling error of the difference between correlated proportions".
    Raises ValueError for a negative count.
    """
    b, c = np.asarray(only_first, dtype=np.float64), np.asarray(only_second, dtype=np.float64)
    if (b < 0).any() or (c < 0).any():
        raise ValueError("only_first and only_second: counts of images, but got a negative number")
    fewer, total = np.minimum(b, c), b + c
    # The binomial tail as an incomplete beta function, which takes whole arrays of pairs at once.
    tail = special.betainc(np.maximum(total - fewer, 0.5), fewer + 1, 0.5)
    return np.asarray(np.where(total == 0, 1.0, np.minimum(1.0, 2 * tail)))


def mcnemar_exact(correct_first: ArrayLike, correct_second: ArrayLike) -> McNemar:
    """Exact McNemar test of two submissions' right-or-wrong answers on the same images.

    `correct_first`, `correct_second`: bool (N,). No disagreement, or no image, gives p = 1: a tie.
    Raises ValueError for unequal shapes or for anything but bool.
    """
    a, b = np.asarray(correct_first), np.asarray(correct_second)
    if a.dtype != np.bool_ or b.dtype != np.bool_:
        raise ValueError(f"correct_first and correct_second: bool, but got {a.dtype} and {b.dtype}")
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"correct_second: shape {a.shape} like correct_first, but got {b.shape}")
    only_first, only_second = int((a & ~b).sum()), int((b & ~a).sum())
    return McNemar(only_first, only_second, float(mcnemar_p_value(only_first, only_second)))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Holm-adjusted p-values, float64 (m,) in [0, 1], in the order given: reject those at or below the level.

    Keeps the chance of any false rejection among the m pairs shown at the level, under any dependence.
    Source: Holm (1979), "A simple sequentially rejective multiple test procedure". Empty gives empty.
    Raises ValueError outside [0, 1].
    """
    p = finite_vector(p_values, "p_values")
    if len(p) and (p.min() < 0 or p.max() > 1):
        raise ValueError(f"p_values: in [0, 1], but got {p.min()} to {p.max()}")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted
