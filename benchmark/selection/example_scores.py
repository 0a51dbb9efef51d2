"""What scores of single images share: checked labels and probabilities, and a choice by rank."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.selection.quotas import within_classes
from benchmark.selection.shuffling import Indices, random_words

Floats = NDArray[np.float64]
SUM_TOLERANCE = 1e-3
"""Furthest that a row of probabilities may sum from 1; float16 rows of ten classes stay within it."""


def checked_probabilities(probabilities: ArrayLike, images: int | None = None) -> Floats:
    """Probabilities as float64 (N, K); raises ValueError unless every row is a distribution, naming the first.

    images: N, where it is known.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] < 2:
        raise ValueError(f"probabilities: a row of at least two for each image, but got the shape {values.shape}")
    if images is not None and len(values) != images:
        raise ValueError(f"probabilities: {images} rows like the labels, but got {len(values)}")
    broken = ~(values >= 0).all(axis=1) | ~(np.abs(values.sum(axis=1) - 1) <= SUM_TOLERANCE)
    if broken.any():
        raise ValueError(f"a row of probabilities is >= 0 and sums to 1; row {np.flatnonzero(broken)[0]} does not")
    return values


def checked_labels(labels: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Labels as int64 (N,); raises ValueError for one outside 0..classes-1, naming the first."""
    values = np.asarray(labels)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise ValueError(f"labels: integers (N,), but got {values.dtype} {values.shape}")
    foreign = np.flatnonzero((values < 0) | (values >= classes))
    if len(foreign):
        raise ValueError(f"labels are 0 to {classes - 1}; row {foreign[0]} has {values[foreign[0]]}")
    return values.astype(np.int64)


def lowest_by_class(scores: ArrayLike, labels: ArrayLike, budget: int, seed: int) -> Indices:
    """The rows of the lowest scores within every class, int64 (budget,); of equal scores, random ones.

    scores: real numbers (N,), infinity allowed. labels: integers (N,) >= 0. Quotas are those of `class_quotas`;
    classes in ascending order, lowest score first. For the highest, negate the scores. Raises ValueError for NaN
    (naming the row), lengths that differ and a budget above N.
    """
    values, ties = _scores(scores, seed)
    if len(values) != len(np.asarray(labels)):
        raise ValueError(f"scores: {len(np.asarray(labels))} like the labels, but got {len(values)}")
    return within_classes(labels, budget, lambda rows, quota: np.lexsort((ties[rows], values[rows]))[:quota])


def ranked(scores: ArrayLike, seed: int) -> Indices:
    """All rows, highest score first, int64 (N,): a suspicion ranking where a high score is suspect.

    Equal scores come in random order, so that the order of the file decides nothing. Raises ValueError for NaN.
    """
    values, ties = _scores(scores, seed)
    return np.lexsort((ties, -values)).astype(np.int64)


def _scores(scores: ArrayLike, seed: int) -> tuple[Floats, NDArray[np.uint64]]:
    values = np.asarray(scores, dtype=np.float64)
    broken = np.flatnonzero(np.isnan(values))
    if len(broken):
        raise ValueError(f"scores are numbers; row {broken[0]} is NaN")
    return values, random_words(len(values), seed, "ties")
