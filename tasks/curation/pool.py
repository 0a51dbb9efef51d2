"""The pool a participant chooses from, and the truth about it that the scorer knows."""

from __future__ import annotations

import numpy as np

from benchmark.data import Dataset
from benchmark.data.derived.dirty_pool import Pool, dirty_pool
from benchmark.data.derived.weak_annotator import first_choices
from benchmark.errors import MettleError
from benchmark.paths import mirrors
from tasks.curation.settings import PoolKind

HUMAN_LABELS = "cifar10n_labels.npz"
"""CIFAR-10N's labels in the order of the training images, one array a set of annotators."""
WORSE = "worse_label"
TAUGHT = 2000


def make_pool(kind: PoolKind, origin: Dataset) -> Pool:
    """The pool made from the training part of a data set.

    Raises MettleError where the human labels are needed and no mirror folder has them.
    """
    images = np.asarray(origin.images)
    if kind == "dirty":
        return dirty_pool(images, origin.labels)
    labels = origin.labels if kind == "clean" else worse_labels(len(origin))
    nothing = np.zeros(len(origin), bool)
    return Pool(images, labels, clean_labels=origin.labels, sources=np.arange(len(origin)), copied=nothing)


def worse_labels(count: int) -> np.ndarray:
    """CIFAR-10N's `worse` labels: int64 (count,); MettleError where no mirror folder has them."""
    found = next((path for mirror in mirrors() for path in sorted(mirror.rglob(HUMAN_LABELS))), None)
    if found is None:
        fix = f"Put {HUMAN_LABELS} into a folder named by METTLE_MIRROR; tasks/curation/README.md says how to make it."
        raise MettleError("CIFAR-10N", "its labels are not redistributed, and no mirror folder has them", fix=fix)
    try:
        with np.load(found, allow_pickle=False) as arrays:
            labels = arrays[WORSE].astype(np.int64)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise MettleError(found, f"it is an .npz file with the array {WORSE}", error) from None
    if labels.shape != (count,):
        raise MettleError(found, f"{WORSE} has {count:,} labels", f"{labels.shape}")
    return labels


def hard_slots(pool: Pool, classes: int) -> np.ndarray:
    """Slots that show a class a weak eye takes for another: bool (N,).

    A filter that mistrusts what it finds hard loses many of them; who knows the truth loses none.
    """
    shown = np.flatnonzero(~pool.outliers)
    guessed = first_choices(pool.images, pool.clean_labels, shown[:TAUGHT], classes)
    return ~pool.outliers & (guessed != pool.clean_labels)
