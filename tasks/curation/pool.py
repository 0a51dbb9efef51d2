"""The pool a participant chooses from, and the truth about it that the scorer knows."""

from __future__ import annotations

import numpy as np

from benchmark.data import Dataset
from benchmark.data.derived.dirty_pool import Pool
from benchmark.data.derived.pools import POOLS
from benchmark.data.derived.weak_annotator import first_choices
from tasks.curation.settings import PoolKind

TAUGHT = 2000


def make_pool(kind: PoolKind, origin: Dataset) -> Pool:
    """The pool made from the training part of a data set.

    Raises MettleError where the human labels are needed and no mirror folder has them.
    """
    images = np.asarray(origin.images)
    if kind in POOLS:
        return POOLS[kind](images, origin.labels)
    nothing = np.zeros(len(origin), bool)
    return Pool(images, origin.labels, clean_labels=origin.labels, sources=np.arange(len(origin)), copied=nothing)


def hard_slots(pool: Pool, classes: int) -> np.ndarray:
    """Slots that show a class a weak eye takes for another: bool (N,).

    A filter that mistrusts what it finds hard loses many of them; who knows the truth loses none.
    """
    shown = np.flatnonzero(~pool.outliers)
    guessed = first_choices(pool.images, pool.clean_labels, shown[:TAUGHT], classes)
    return ~pool.outliers & (guessed != pool.clean_labels)
