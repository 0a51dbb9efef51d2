"""Scores as integers, so that sums and products are exact and the same on every machine and BLAS."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST_DENOMINATOR = 1000  # of one score; means over 75 or 95 cells and over 10 backgrounds are far below
DISTINCT_SEARCHED = 4096  # more distinct values than this are not averages over cells


def to_integers(scores: ArrayLike) -> tuple[NDArray[np.signedinteger[Any]], float]:
    """Scores as integers of the same shape, and the unit: score = integer x unit, up to rounding.

    The integers have the narrowest signed type of at least 16 bits that holds them: tables of ten thousand rows must
    fit into memory.

    bool and integers are taken as they are, divided by their greatest common divisor. Floats that are fractions
    with a small common denominator (averages over cells) are exact too; noise of summation order up to 1e-9 is
    removed by that, so rows equal but for it become identical. Any other float is rounded to a grid of powers of
    two, as fine as keeps the dot product of two rows exact in float64: about 2e-6 of the largest score at
    N = 10,000. `scores`: (M, N). Raises ValueError for NaN, infinity, another shape, and integers too large for
    exact products.
    """
    table = np.asarray(scores)
    if table.ndim != 2:
        raise ValueError(f"scores: rows by images, but got shape {table.shape}")
    largest = largest_exact_integer(table.shape[1])
    if table.dtype == np.bool_:
        return table.astype(np.int16), 1.0
    if np.issubdtype(table.dtype, np.integer):
        if _magnitude(table) > largest:
            raise ValueError(f"scores: integers up to {largest} for {table.shape[1]} images, but got larger ones")
        integers, unit = _narrow(table), 1.0
    else:
        table = table.astype(np.float64)
        if not np.isfinite(table).all():
            raise ValueError("scores: finite numbers, but got NaN or infinity")
        unit = 1 / denominator if (denominator := _common_denominator(table, largest)) else _grid(table, largest)
        integers = _narrow(np.rint(table / unit).astype(np.int64))
    divisor = _common_divisor(integers)
    if divisor > 1:
        integers, unit = _narrow(integers // divisor), unit * divisor
    return integers, unit


def _magnitude(table: NDArray[Any]) -> int:
    return max(int(table.max()), -int(table.min())) if table.size else 0


def _narrow(table: NDArray[Any]) -> NDArray[np.signedinteger[Any]]:
    largest = _magnitude(table)
    kind = next(kind for kind in (np.int16, np.int32, np.int64) if largest <= np.iinfo(kind).max)
    return table.astype(kind, copy=False)


def _common_divisor(integers: NDArray[np.signedinteger[Any]]) -> int:
    """The greatest common divisor of all entries, 0 without one; most often the first row settles that it is 1."""
    divisor = 0
    for row in integers:
        divisor = math.gcd(divisor, int(np.gcd.reduce(row)) if row.size else 0)
        if divisor == 1:
            break
    return divisor


def largest_exact_integer(n: int) -> int:
    """The largest magnitude for which sums of n squared differences stay below 2^53, so exact in float64."""
    return math.isqrt((1 << 51) // max(n, 1))


def _common_denominator(table: NDArray[np.float64], largest: int) -> int | None:
    """The smallest d for which every score times d is an integer up to 1e-9 of a score, or None."""
    for part in (table[:1], table):  # the first row settles most cases without a sort of all
        values = np.unique(np.round(part, 10))
        if len(values) > DISTINCT_SEARCHED:
            return None
    denominator = 1
    for value in values.tolist():
        fraction = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
        if abs(float(fraction) - value) > 1e-9:
            return None
        denominator = math.lcm(denominator, fraction.denominator)
        if denominator * max(1.0, float(np.abs(values).max())) > largest:
            return None
    return denominator


def _grid(table: NDArray[np.float64], largest: int) -> float:
    """The power of two that divides the range of scores as finely as exact products allow."""
    magnitude = float(np.abs(table).max(initial=0.0))
    if magnitude == 0:
        return 1.0
    return math.ldexp(1.0, math.ceil(math.log2(magnitude)) - math.floor(math.log2(largest)))
