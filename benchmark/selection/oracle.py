"""The oracle: a choice with the truth in hand, the ceiling of every filter."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmark.selection.random_choice import balanced_random_choice
from benchmark.selection.shuffling import Indices


def oracle(labels: ArrayLike, sound: ArrayLike, sources: ArrayLike, budget: int, seed: int) -> Indices:
    """Balanced random rows among the sound ones, none twice from one source: int64 (budget,).

    labels: integers (N,), as the pool gives them. sound: bool (N,), whether the label is right and the image is of
    its class. sources: integers (N,), which image a row was made of; of several sound rows with one source the first
    may be drawn. Raises ValueError for lengths that differ and where the sound rows cannot fill the budget.
    """
    good = np.asarray(sound)
    origins = np.asarray(sources)
    if good.dtype != bool or good.shape != origins.shape:
        raise ValueError(f"sound: bool {origins.shape} like the sources, but got {good.dtype} {good.shape}")
    rows = np.flatnonzero(good)
    first = rows[np.unique(origins[rows], return_index=True)[1]]
    allowed = np.zeros(len(good), dtype=bool)
    allowed[first] = True
    return balanced_random_choice(labels, budget, seed, allowed)
