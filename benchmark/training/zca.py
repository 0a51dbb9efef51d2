"""ZCA whitening: images whose pixels are uncorrelated over a training set, and which still look like images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

EPSILON = 0.1
"""Added to every variance; the value of the distillation papers, through kornia's ZCAWhitening(eps=.1)."""
BLOCK = 2000


@dataclass(frozen=True)
class Whitening:
    """A linear map of flat images, D = H W C values each.

    mean: float64 (D,). matrix: float64 (D, D), symmetric: whitened = (x - mean) matrix. inverse: float64 (D, D).
    """

    mean: np.ndarray
    matrix: np.ndarray
    inverse: np.ndarray

    @property
    def nbytes(self) -> int:
        """What it costs to pass it on: mean and matrix as float32. Whoever has the training set can compute it."""
        return 4 * (self.mean.size + self.matrix.size)

    def whiten(self, images: np.ndarray) -> np.ndarray:
        """Whitened images, float32 (N, H, W, C). images: uint8, or float in pixel units, (N, H, W, C)."""
        return self._mapped(lambda flat: (flat - self.mean) @ self.matrix, images)

    def unwhiten(self, images: np.ndarray) -> np.ndarray:
        """The images in pixel units, float32 (N, H, W, C), whose whitening is `images`, float (N, H, W, C)."""
        return self._mapped(lambda flat: flat @ self.inverse + self.mean, images)

    def _mapped(self, function: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> np.ndarray:
        mapped = [function(_flat(images[start : start + BLOCK])) for start in range(0, len(images), BLOCK)]
        return np.concatenate(mapped).astype(np.float32).reshape(images.shape)


@dataclass(frozen=True)
class PrincipalAxes:
    """mean: float64 (D,). axes: float64 (D, D), one a column. variances: float64 (D,), along the axes, ascending."""

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray

    def whitening(self, epsilon: float = EPSILON) -> Whitening:
        """Each axis is scaled by 1 / sqrt(variance + epsilon). ValueError unless epsilon is above 0."""
        if epsilon <= 0:
            raise ValueError(f"epsilon is above 0, got {epsilon}")
        scales = np.sqrt(np.maximum(self.variances, 0) + epsilon)
        return Whitening(self.mean, (self.axes / scales) @ self.axes.T, (self.axes * scales) @ self.axes.T)


def principal_axes(images: np.ndarray) -> PrincipalAxes:
    """Eigenvectors and eigenvalues of the covariance of images, which divides by N - 1.

    images: uint8, or float in pixel units, (N, H, W, C). Raises ValueError for fewer than 2.
    """
    if len(images) < 2:
        raise ValueError(f"a covariance needs at least 2 images, got {len(images)}")
    blocks = [images[start : start + BLOCK] for start in range(0, len(images), BLOCK)]
    mean = np.sum([_flat(block).sum(axis=0) for block in blocks], axis=0) / len(images)
    products = np.zeros((mean.size, mean.size))
    for block in blocks:
        centred = _flat(block) - mean
        products += centred.T @ centred
    variances, axes = np.linalg.eigh(products / (len(images) - 1))
    return PrincipalAxes(mean, axes, variances)


def fit_whitening(images: np.ndarray, epsilon: float = EPSILON) -> Whitening:
    """The ZCA whitening of a set of images, as `principal_axes` and `PrincipalAxes.whitening`.

    Source: kornia's ZCAWhitening, whose definition this is, computed here in float64.
    """
    return principal_axes(images).whitening(epsilon)


def _flat(images: np.ndarray) -> np.ndarray:
    flat = images.reshape(len(images), -1).astype(np.float64)
    return flat / 255 if images.dtype == np.uint8 else flat
