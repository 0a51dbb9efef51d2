"""Rows of features as points: checked, and their distances."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]


def finite_points(features: ArrayLike) -> Points:
    """The features as float64 (N, D); raises ValueError for another number of axes, and for NaN or infinity."""
    points = np.asarray(features, dtype=np.float64)
    if points.ndim != 2:
        raise ValueError(f"features: a row for each image, (N, D), but got the shape {points.shape}")
    broken = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(broken):
        raise ValueError(f"features are finite numbers; row {broken[0]} holds NaN or infinity")
    return points


def squared_distances(points: Points, centre: Points) -> Points:
    """Squared Euclidean distances of rows to one point, float64 (N,) >= 0; exactly 0 for an equal row.

    points: (N, D). centre: (D,).
    """
    apart = points - centre
    return np.asarray(np.einsum("nd,nd->n", apart, apart))
