"""Random choices: the measure of every other method."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmark.selection.quotas import check_budget, within_classes
from benchmark.selection.shuffling import Indices, random_order, random_words


def random_choice(count: int, budget: int, seed: int) -> Indices:
    """Different rows of 0 to count - 1 drawn with equal chances: int64 (budget,), in random order.

    A smaller budget with the same seed gives the first of the larger one's. Raises ValueError for a budget below 0 or
    above the count.
    """
    check_budget(budget, count)
    return random_order(count, seed, "random")[:budget]


def balanced_random_choice(labels: ArrayLike, budget: int, seed: int, allowed: ArrayLike | None = None) -> Indices:
    """Rows drawn with equal chances within every class: int64 (budget,), classes in ascending order.

    labels: integers (N,) >= 0. allowed: bool (N,), rows that may be drawn; all, unless given. Quotas are those of
    `class_quotas`. A row's place in the draw depends on the seed and the row alone, so that two filters of one pool
    share it. Raises ValueError as `within_classes` does.
    """
    keys = random_words(len(np.asarray(labels)), seed, "random")
    return within_classes(labels, budget, lambda rows, quota: np.argsort(keys[rows], kind="stable")[:quota], allowed)
