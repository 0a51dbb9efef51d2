"""k-means: centres that are means of their nearest points; as images, a set that nobody photographed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.selection.point_cloud import Points, finite_points, squared_distances
from benchmark.selection.shuffling import random_numbers

MOST_ROUNDS = 300


@dataclass(frozen=True)
class Clusters:
    """centres: float64 (k, D). nearest: int64 (N,), the centre of each point. inertia: sum of squared distances."""

    centres: Points
    nearest: NDArray[np.int64]
    inertia: float


def k_means(features: ArrayLike, clusters: int, seed: int, restarts: int = 10) -> Clusters:
    """The best of some runs of Lloyd's algorithm, by inertia (lower is better), each from k-means++ starts.

    features: real numbers (N, D). clusters: 1 to N. A run ends when no point changes its centre, at the latest after
    300 rounds. A centre that loses all points moves to the point farthest from its own. Sources: Lloyd (1982), "Least
    squares quantization in PCM"; Arthur and Vassilvitskii (2007), "k-means++: the advantages of careful seeding".
    Raises ValueError for NaN and infinity (naming the row), clusters outside 1..N and restarts below 1.
    """
    points = finite_points(features)
    if not 1 <= clusters <= len(points):
        raise ValueError(f"clusters are 1 to the {len(points)} points, but got {clusters}")
    if restarts < 1:
        raise ValueError(f"restarts are at least 1, but got {restarts}")
    runs = (_lloyd(points, _starts(points, clusters, seed, run)) for run in range(restarts if clusters > 1 else 1))
    return min(runs, key=lambda run: run.inertia)


def _starts(points: Points, clusters: int, seed: int, run: int) -> Points:
    """Rows drawn one by one with chances in proportion to the squared distance to the nearest one drawn before."""
    draws = random_numbers(clusters, seed, f"k-means++ {run}")
    chosen = [int(draws[0] * len(points))]
    distances = squared_distances(points, points[chosen[0]])
    for draw in draws[1:]:
        ends = np.cumsum(distances)
        # Where all points are copies of the chosen ones, any row will do.
        row = int(np.searchsorted(ends, draw * ends[-1], side="right")) if ends[-1] > 0 else int(draw * len(points))
        chosen.append(min(row, len(points) - 1))
        distances = np.minimum(distances, squared_distances(points, points[chosen[-1]]))
    return points[chosen]


def _lloyd(points: Points, centres: Points) -> Clusters:
    nearest = np.full(len(points), -1)
    for _ in range(MOST_ROUNDS):
        before, nearest = nearest, _nearest(points, centres)
        if np.array_equal(before, nearest):
            break
        centres = _means(points, nearest, centres)
    nearest = _nearest(points, centres)
    return Clusters(centres, nearest, float(_offsets(points, nearest, centres).sum()))


def _nearest(points: Points, centres: Points) -> NDArray[np.int64]:
    """Each point's centre, the first of the nearest."""
    return np.asarray((np.einsum("kd,kd->k", centres, centres) - 2 * (points @ centres.T)).argmin(axis=1))


def _offsets(points: Points, nearest: NDArray[np.int64], centres: Points) -> Points:
    """Squared distance of each point to its centre."""
    apart = points - centres[nearest]
    return np.asarray(np.einsum("nd,nd->n", apart, apart))


def _means(points: Points, nearest: NDArray[np.int64], centres: Points) -> Points:
    belongs = nearest == np.arange(len(centres))[:, None]
    counts = belongs.sum(axis=1)
    means = (belongs.astype(np.float64) @ points) / np.maximum(counts, 1)[:, None]
    if len(empty := np.flatnonzero(counts == 0)):
        farthest = np.argsort(-_offsets(points, nearest, centres), kind="stable")
        means[empty] = points[farthest[: len(empty)]]
    return means
