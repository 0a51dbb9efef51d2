"""Other rules to order rows by several tasks, shown to say how much an order owes to the rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def shared_ranks(values: ArrayLike) -> NDArray[np.int64]:
    """Ranks of M values, 1 is the highest; equal values share the better rank: int64 (M,).

    `values`: float (M,), finite, else ValueError.
    """
    vector = _finite(values, axes=1)
    return 1 + (vector[None, :] > vector[:, None]).sum(axis=1, dtype=np.int64)


def borda_shares(scores: ArrayLike) -> NDArray[np.float64]:
    """Share of the other rows that a row beats, mean over tasks, from 0 to 1: float64 (M,), higher is better.

    `scores`: float (M, T), higher is better in every column, finite, else ValueError. An equal score counts half. This
    is Borda's count over its largest value, (M - 1) T; a mean win rate is the same where nothing is missing. A row
    alone has nan. Depends on the other rows: one that joins or leaves can turn the order of two others round, and
    worse copies of a row lift it.
    """
    table = _finite(scores, axes=2)
    rows, tasks = table.shape
    if rows < 2:
        return np.full(rows, np.nan)
    points = np.zeros(rows)
    for column in table.T:
        beaten = (column[:, None] > column[None, :]).sum(axis=1)
        equal = (column[:, None] == column[None, :]).sum(axis=1) - 1
        points += beaten + equal / 2
    return points / ((rows - 1) * tasks)


def _finite(values: ArrayLike, axes: int) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != axes or (axes == 2 and array.shape[1] == 0):
        raise ValueError(f"scores: {'rows by tasks' if axes == 2 else 'one axis'}, but got shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("scores: finite numbers, but got NaN or infinity; a row with a missing score has no place")
    return array
