"""How many images of each class a balanced choice takes, and a method applied class by class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.selection.shuffling import Indices


def check_budget(budget: int, available: int) -> None:
    """Raise ValueError for a budget below 0 or above the images there are."""
    if not 0 <= budget <= available:
        raise ValueError(f"a budget is 0 to the {available} images there are, but got {budget}")


def class_quotas(available: ArrayLike, budget: int) -> Indices:
    """Images to take of each class: int64 (K,), summing to the budget, as equal as the classes allow.

    available: integers (K,) >= 0, how many images each class has. A class with fewer than its share gives all of them
    and the others share the rest; what does not divide goes to the first classes that have room. Raises ValueError
    for a budget below 0 or above all images.
    """
    room = np.asarray(available, dtype=np.int64)
    check_budget(budget, int(room.sum()))
    quotas = np.zeros_like(room)
    while (left := budget - int(quotas.sum())) > 0:
        open_classes = np.flatnonzero(quotas < room)
        share = left // len(open_classes)
        if share == 0:
            quotas[open_classes[:left]] += 1
        else:
            quotas[open_classes] = np.minimum(quotas[open_classes] + share, room[open_classes])
    return quotas


def within_classes(
    labels: ArrayLike, budget: int, choose: Callable[[Indices, int], Indices], allowed: ArrayLike | None = None
) -> Indices:
    """A balanced choice, int64 (budget,): `choose` within every class, classes in ascending order.

    labels: integers (N,) >= 0. choose: rows of one class (int64 (n,), ascending) and its quota to positions among
    these rows, int64 (quota,). allowed: bool (N,), rows that may be taken; all, unless given. Raises ValueError for
    lengths that differ and for a budget that the allowed rows cannot fill.
    """
    classes = np.asarray(labels)
    rows = np.arange(len(classes)) if allowed is None else _rows(allowed, len(classes))
    quotas = class_quotas(np.bincount(classes[rows].astype(np.int64)), budget)
    picked = [np.empty(0, dtype=np.int64)]
    for label in np.flatnonzero(quotas):
        members = rows[classes[rows] == label]
        picked.append(members[choose(members, int(quotas[label]))])
    return np.concatenate(picked)


def _rows(allowed: ArrayLike, count: int) -> NDArray[np.int64]:
    mask = np.asarray(allowed)
    if mask.dtype != bool or mask.shape != (count,):
        raise ValueError(f"allowed: bool ({count},) like the labels, but got {mask.dtype} {mask.shape}")
    return np.flatnonzero(mask)
