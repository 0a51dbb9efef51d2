"""k-center greedy: the next image is the one farthest from all that are picked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmark.selection.point_cloud import finite_points, squared_distances
from benchmark.selection.quotas import check_budget, within_classes
from benchmark.selection.shuffling import Indices


def k_center(features: ArrayLike, budget: int) -> Indices:
    """Different rows in the order of picking, int64 (budget,): first the one nearest to the mean, then farthest first.

    features: real numbers (N, D). The largest distance of any row to its nearest pick is at most twice the smallest
    that `budget` rows can reach. Of rows at the same distance the first is taken. Source: Gonzalez (1985), "Clustering
    to minimize the maximum intercluster distance"; Sener and Savarese (2018), arXiv 1708.00489, algorithm 1. We start
    at the row nearest to the mean, where they start from a labelled pool. Raises ValueError for NaN and infinity
    (naming the row) and for a budget below 0 or above N.
    """
    points = finite_points(features)
    check_budget(budget, len(points))
    picked = np.empty(budget, dtype=np.int64)
    if budget == 0:
        return picked
    nearest = np.full(len(points), np.inf)
    picked[0] = np.argmin(squared_distances(points, points.mean(axis=0)))
    for step in range(1, budget):
        nearest = np.minimum(nearest, squared_distances(points, points[picked[step - 1]]))
        nearest[picked[step - 1]] = -1  # below the 0 of its copies, so that no row is picked twice
        picked[step] = np.argmax(nearest)
    return picked


def k_center_by_class(features: ArrayLike, labels: ArrayLike, budget: int) -> Indices:
    """`k_center` within every class with balanced quotas: int64 (budget,), classes in ascending order."""
    points = finite_points(features)
    return within_classes(labels, budget, lambda rows, quota: k_center(points[rows], quota))
