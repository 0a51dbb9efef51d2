"""Scores as dense ranks: small integers that keep all that AUROC and its intervals use, equal on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOISE = 1e-12  # relative; batch size and BLAS move most scores of a float64 pass by 1e-15, few by more than 1e-13

Ranks = NDArray[np.unsignedinteger[Any]]


def dense_ranks(scores: Sequence[ArrayLike]) -> list[Ranks]:
    """Ranks 0, 1, 2, ... of all scores pooled, higher = higher score, one array for each given, ties equal.

    `scores`: arrays of real numbers (N,), (M,), ..., each at least one long, taken as float64. The ranks are uint16,
    or uint32 where there are more than 65,536 different ones. Every order statistic, AUROC and average precision
    is the same from ranks as from scores.

    Neighbours in order that differ by at most 1e-12 of the larger magnitude get one rank. Copies of an image,
    saturated softmaxes and nets with few active units give ties that hold in exact arithmetic; a float64 pass scatters
    them by 1e-15 to 1e-13, differently for every batch size and machine, and would break the tie at random. Joining
    neighbours keeps all that lie within 1e-12 together. Rounding to some digits, the usual way, does not: two values
    however close fall apart where the grid has an edge between them. The price is a chain: a run of scores each
    within 1e-12 of the next becomes one rank, which takes thousands of scores inside 1e-9. A score that is
    a small difference of large numbers has more relative noise than that: give -p or log p, not 1 - p.

    No array gives an empty list. Raises ValueError for an empty array, another shape, NaN and infinity, naming the
    array by its place.
    """
    arrays = [finite_scores(array, f"scores[{place}]") for place, array in enumerate(scores)]
    if not arrays:
        return []
    pooled = np.concatenate(arrays)
    order = np.argsort(pooled, kind="stable")
    ascending = pooled[order]
    magnitude = np.maximum(np.abs(ascending[1:]), np.abs(ascending[:-1]))
    with np.errstate(over="ignore"):  # a gap of more than the largest float is infinite, so a gap
        higher = np.diff(ascending) > NOISE * magnitude
    rank_in_order = np.concatenate([[0], np.cumsum(higher)])
    dtype = np.uint16 if rank_in_order[-1] <= np.iinfo(np.uint16).max else np.uint32
    ranks = np.empty(len(pooled), dtype=dtype)
    ranks[order] = rank_in_order
    return np.split(ranks, np.cumsum([len(array) for array in arrays])[:-1])


def finite_scores(scores: ArrayLike, name: str) -> NDArray[np.float64]:
    """`scores` as float64 (N,), N at least 1; ValueError for others, for NaN and infinity with the first position."""
    array = np.asarray(scores)
    if array.dtype.kind not in "biuf" or array.ndim != 1:
        raise ValueError(f"{name}: real numbers of one axis, but got {array.dtype} of shape {array.shape}")
    if len(array) == 0:
        raise ValueError(f"{name}: at least one score, but there is none")
    if len(wrong := np.flatnonzero(~np.isfinite(array))):
        raise ValueError(
            f"{name}: finite numbers, but got {array[wrong[0]]} at position {wrong[0]} ({len(wrong)} such in all)"
        )
    return array.astype(np.float64)
