"""Squared Mahalanobis distances for covariances of any rank, without a matrix of images by images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.detectors.outputs import row_blocks

Floats = NDArray[np.float64]
SOFT_CUT = 1e-7
"""Variances below this share of the largest hardly count."""


@dataclass(frozen=True, eq=False)
class Gaussians:
    """Gaussians that share a covariance.

    origin: float64 (D,). whitening: (D, D), its columns scaled eigenvectors of the covariance. means: (G, D), whitened.
    """

    origin: Floats
    whitening: Floats
    means: Floats

    def squared_distances(self, features: Floats) -> Floats:
        """Squared Mahalanobis distance to the nearest mean, float64 (n,), from 0; features: float64 (n, D)."""
        points = (features - self.origin) @ self.whitening
        nearest = np.argmin((self.means**2).sum(axis=1) - 2 * points @ self.means.T, axis=1)
        offsets = points - self.means[nearest]  # the expanded square would lose the digits of small distances
        return np.asarray(np.einsum("nd,nd->n", offsets, offsets))


def fit_gaussians(features: NDArray[np.floating], labels: NDArray[np.integer]) -> Gaussians:
    """One Gaussian for each label that occurs; the covariance is the mean over images around their own mean.

    features: float (N, D). labels: integers (N,).
    Inverse of the covariance: an eigenvalue v becomes v / (v^2 + c^2), c being `SOFT_CUT` times the largest. That
    is the plain inverse, to a relative (c / v)^2, and 0 for directions without variance (dead units), as in a
    pseudo-inverse; but without its hard threshold, at which rounding decides whether a direction counts hugely or
    not at all. Features without any variance have distance 0.
    """
    kinds, places = np.unique(labels, return_inverse=True)
    dimensions = features.shape[1]
    sums = np.zeros((len(kinds), dimensions))
    for rows in row_blocks(len(features)):
        member = (places[rows, None] == np.arange(len(kinds))).astype(np.float64)
        sums += member.T @ features[rows].astype(np.float64)
    means = sums / np.bincount(places)[:, None]
    covariance = np.zeros((dimensions, dimensions))
    for rows in row_blocks(len(features)):
        offsets = features[rows].astype(np.float64) - means[places[rows]]
        covariance += offsets.T @ offsets
    variances, directions = np.linalg.eigh(covariance / len(features))
    variances = np.maximum(variances, 0)
    cut = SOFT_CUT * variances[-1]
    gains = variances / (variances**2 + cut**2) if cut > 0 else np.zeros(dimensions)
    origin = sums.sum(axis=0) / len(features)
    whitening = directions * np.sqrt(gains)
    return Gaussians(origin, whitening, (means - origin) @ whitening)
