"""What is known of each pair of rows before any draw: its scale, and on how many images it differs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW = 40  # differing images; a pair with more can reach 6.4 standard errors and is always tested
ROWS_PER_BLOCK = 256  # rows whose pairs with all others are in memory at once
ROUNDING = 1e-6  # relative; above what float32 quotients and roots lose, far below any difference that matters


def fold_identical(rows: NDArray[np.signedinteger[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct rows and who belongs to which: `distinct` (K,) first places, ascending, and `group` (M,) in 0..K-1.

    `rows`: (M, N). Rows are identical when every entry is equal; `rows[distinct][group]` equals `rows`.
    """
    places: dict[bytes, int] = {}
    distinct: list[int] = []
    group = np.empty(len(rows), dtype=np.int64)
    for index, row in enumerate(np.ascontiguousarray(rows)):
        known = places.setdefault(
            hashlib.sha256(row.data).digest(), len(distinct)
        )  # the bytes are as large as all rows
        if known == len(distinct):
            distinct.append(index)
        group[index] = known
    return np.array(distinct, dtype=np.int64), group


def smallest_testable(confidence: float) -> int:
    """Fewest differing images with which a sign-flip test reaches p <= 1 - confidence: 6 at 95 %."""
    return math.ceil(1 - math.log2(1 - confidence))


def reach(critical: float, scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far apart a pair may be without being told apart: `critical` of its scales, and a little for rounding.

    The critical value is often attained by one of the pairs themselves, as differences are discrete. Such a pair is
    not beyond it, whichever way the last digit of a product falls on a machine.
    """
    return critical * (1 + ROUNDING) * scale


class PairScales:
    """Summed squared differences and numbers of differing images of all pairs of K rows, in blocks of rows.

    `rows`: integer (K, N), small enough that sums of squared differences are exact in float64 (`fixed_point`).
    The root of the summed squares is the scale of a pair: its summed difference cannot exceed
    sqrt(number of differing images) of it (Cauchy and Schwarz), whatever the outcome.
    """

    def __init__(self, rows: NDArray[np.signedinteger[Any]]) -> None:
        self.rows = rows
        low, high = (int(rows.min()), int(rows.max())) if rows.size else (0, 0)
        self.two_valued = high - low <= 1
        self.span = max(high - low, 1)
        exact_in_float32 = rows.shape[1] * max(-low, high) ** 2 < 1 << 24
        self._kind = np.float32 if exact_in_float32 else np.float64
        self._lengths = np.concatenate(
            [np.zeros(0), *((part**2).sum(axis=1, dtype=np.float64) for part in self._parts())]
        )

    def floats(self, start: int, stop: int) -> NDArray[np.floating[Any]]:
        """Rows start..stop in the float type whose products of rows are exact."""
        return self.rows[start:stop].astype(self._kind)

    def _parts(self) -> Iterator[NDArray[np.float64]]:
        for start in range(0, len(self.rows), ROWS_PER_BLOCK):
            yield self.rows[start : start + ROWS_PER_BLOCK].astype(np.float64)

    def block(
        self, start: int, stop: int, first: int = 0, last: int | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Of rows start..stop with rows first..last (all K): summed squared differences, and differing images.

        The squares are float64 and exact. More than FEW differing images reads FEW + 1.
        """
        last = len(self.rows) if last is None else last
        left = self.floats(start, stop)
        squares = self._lengths[start:stop, None] + self._lengths[None, first:last]
        for at in range(first, last, ROWS_PER_BLOCK):
            end = min(at + ROWS_PER_BLOCK, last)
            squares[:, at - first : end - first] -= 2 * (left @ self.floats(at, end).T).astype(np.float64)
        if self.two_valued:
            return squares, np.minimum(squares, FEW + 1).astype(np.int64)
        differing = np.full(squares.shape, FEW + 1, dtype=np.int64)
        # A pair that differs on few images has a small sum of squares; only such pairs need be counted.
        near, other = np.nonzero(squares <= FEW * self.span**2)
        for i in np.unique(near):
            others = other[near == i]
            exact = np.count_nonzero(self.rows[start + i] != self.rows[first + others], axis=1)
            differing[i, others] = np.minimum(exact, FEW + 1)
        return squares, differing
