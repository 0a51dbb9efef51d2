"""Herding: the next image is the one that brings the mean of the picked ones closest to the mean of all."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmark.selection.point_cloud import finite_points
from benchmark.selection.quotas import check_budget, within_classes
from benchmark.selection.shuffling import Indices


def herding(features: ArrayLike, budget: int) -> Indices:
    """Different rows in the order of picking, int64 (budget,): row t makes the mean of t + 1 rows nearest to the mean.

    features: real numbers (N, D). Of rows at the same distance the first is taken. Source: Welling (2009), "Herding
    dynamical weights to learn", as used for exemplars by Rebuffi et al. (2017), arXiv 1611.07725, algorithm 4. The row
    is the one of the *smallest* distance; DeepCore's code takes the largest, which gathers outliers. Raises ValueError
    for NaN and infinity (naming the row) and for a budget below 0 or above N.
    """
    points = finite_points(features)
    check_budget(budget, len(points))
    picked = np.empty(budget, dtype=np.int64)
    if budget == 0:
        return picked
    # Only differences matter: with the mean at 0, the sum to reach stays 0 and no large numbers cancel.
    points = points - points.mean(axis=0)
    lengths = np.einsum("nd,nd->n", points, points)
    total = np.zeros(points.shape[1])
    for step in range(budget):
        distances = lengths + 2 * (points @ total)  # |total + x|^2 without |total|^2, which all share
        distances[picked[:step]] = np.inf
        picked[step] = np.argmin(distances)
        total += points[picked[step]]
    return picked


def herding_by_class(features: ArrayLike, labels: ArrayLike, budget: int) -> Indices:
    """`herding` within every class with balanced quotas: int64 (budget,), classes in ascending order."""
    points = finite_points(features)
    return within_classes(labels, budget, lambda rows, quota: herding(points[rows], quota))
