"""Rows that are nearly one model: they agree on more than 99.5 % of decisions and share one place."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

AGREEMENT = 0.995
"""Rows that agree on more than this share of decisions are folded."""

IMAGES_A_BLOCK = 512


def shares_agreed(
    decisions: np.ndarray, rows: np.ndarray, among: np.ndarray, limit: int, tolerance: int = 0
) -> np.ndarray:
    """Share of equal entries in [0, 1] between one row and each of some others; NaN above `limit` differences.

    decisions: int (N,); rows: int (M, N), signed where there is a tolerance; among: int (K,), which rows. Entries up to
    `tolerance` apart are equal. A pair is given up as soon as more than `limit` images differ, which for unlike models
    is within the first block.
    """
    total = decisions.size
    differences = np.zeros(len(among), dtype=np.int64)
    open_pairs = np.arange(len(among))
    for start in range(0, total, IMAGES_A_BLOCK):
        block = slice(start, start + IMAGES_A_BLOCK)
        if tolerance:
            unequal = np.abs(rows[among[open_pairs], block] - decisions[block]) > tolerance
        else:
            unequal = rows[among[open_pairs], block] != decisions[block]
        differences[open_pairs] += unequal.sum(axis=1)
        open_pairs = open_pairs[differences[open_pairs] <= limit]
        if not open_pairs.size:
            break
    shares = np.full(len(among), np.nan)
    shares[open_pairs] = 1 - differences[open_pairs] / max(total, 1)
    return shares


def fold(decisions: Sequence[np.ndarray], tolerance: int = 0) -> list[tuple[int, float] | None]:
    """For each row the older one that stands for it and the share of equal decisions; None for one that stands alone.

    decisions: M arrays int (N,), oldest row first, so that a copy can never take the place of what it copies.
    tolerance: how far apart equal decisions may be. Two images' decisions are equal when the model gets equally much of
    them right, in all their versions together: for a task with many cells that is stricter than agreement cell by cell.
    Rows fold into rows that stand alone only, never along a chain. Arrays of no images agree on nothing.
    """
    if not decisions:
        return []
    total = decisions[0].size
    # Exact: .995 * N in binary floating point can land on the wrong side of a whole number.
    limit = -(-(Fraction(1) - Fraction(str(AGREEMENT))) * total // 1) - 1
    standing = np.empty((len(decisions), total), dtype=np.result_type(*decisions))
    sums = np.empty(len(decisions), dtype=np.int64)
    span = max(int(row.max(initial=0)) for row in decisions) - min(int(row.min(initial=0)) for row in decisions)
    # Rows further apart than this in sum differ on more images than the limit, so need not be compared image by image.
    furthest = limit * span + tolerance * total
    indices: list[int] = []
    folded: list[tuple[int, float] | None] = []
    for index, row in enumerate(decisions):
        target: tuple[int, float] | None = None
        own = int(row.sum(dtype=np.int64))
        near = np.flatnonzero(np.abs(sums[: len(indices)] - own) <= furthest)
        if limit >= 0 and near.size:
            shares = shares_agreed(row, standing, near, int(limit), tolerance)
            if not np.isnan(shares).all():
                best = int(np.nanargmax(shares))
                target = (indices[near[best]], float(shares[best]))
        if target is None:
            standing[len(indices)] = row
            sums[len(indices)] = own
            indices.append(index)
        folded.append(target)
    return folded
