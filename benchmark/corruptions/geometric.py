"""Elastic deformation."""

from __future__ import annotations

import numpy as np

from benchmark.corruptions.corruption import Corruption, settings
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.linear import gaussian
from benchmark.corruptions.pixels import Floats, Pixels, length_scale
from benchmark.corruptions.sampling import sample


def elastic_transform(images: Pixels, draws: Draws, *, alpha: float, sigma: float, affine: float) -> Pixels:
    """A random affine map and a smooth random displacement, in one bilinear sampling; lengths at 32 pixels.

    affine: the three points that define the affine map move by up to this much along each axis.
    alpha, sigma: uniform noise in (-1, 1), smoothed by a Gaussian of sigma, times alpha displaces each pixel.
    Outside the border the image is reflected. images: uint8 (N, H, W, C).
    """
    height, width = images.shape[1:3]
    scale = length_scale(images)
    rows, columns = _affine_places(draws, height, width, affine * scale)
    if alpha > 0.0:
        down, right = draws.once(("smooth", sigma), lambda: _smooth_noise(draws, height, width, sigma * scale))
        # Smoothing over more pixels leaves less of the noise, by the same factor again.
        rows = rows + alpha * scale**2 * down
        columns = columns + alpha * scale**2 * right
    return sample(images, rows, columns)


def _affine_places(draws: Draws, height: int, width: int, reach: float) -> tuple[Floats, Floats]:
    """Places (rows, columns), float64 (N, H, W) each, of a random affine map.

    It is fixed by what it does to the corners (+, +), (+, -), (-, -) of a square of a third of the image about
    the centre: each moves by up to `reach` pixels down and right.
    """
    half = min(height, width) // 3
    moves = reach * (2.0 * draws.uniform("corners", (3, 2)) - 1.0)
    per_row = (moves[:, 1] - moves[:, 2]) / (2.0 * half)  # the first corner pair that differs in row only
    per_column = (moves[:, 0] - moves[:, 1]) / (2.0 * half)
    fixed = moves[:, 0] - half * (per_row + per_column)
    down = (np.arange(height) - (height - 1) / 2.0)[:, None]
    right = np.arange(width) - (width - 1) / 2.0
    shift = fixed[..., None, None] + per_row[..., None, None] * down + per_column[..., None, None] * right
    return np.arange(height)[:, None] + shift[:, 0], np.arange(width) + shift[:, 1]


def _smooth_noise(draws: Draws, height: int, width: int, sigma: float) -> tuple[Floats, Floats]:
    """Two fields of uniform noise in (-1, 1) smoothed by a Gaussian, float64 (N, H, W) each."""
    # 16-bit noise keeps the smoothing exact.
    noise = np.floor(draws.uniform("displacement", (height, width, 2)) * 2.0**16) - (2.0**15 - 0.5)
    smooth = gaussian(noise, sigma) * 2.0**-15
    return np.ascontiguousarray(smooth[..., 0]), np.ascontiguousarray(smooth[..., 1])


GEOMETRIC = (
    Corruption(
        "elastic_transform",
        "digital",
        elastic_transform,
        lambda strength: {"alpha": 30.0 * strength, "sigma": 1.6, "affine": 4.0 * strength},
        settings(
            alpha=(0.0, 1.6, 2.56, 3.2, 3.2),
            sigma=(0.0, 6.4, 1.92, 1.28, 0.96),
            affine=(2.56, 2.24, 1.92, 1.6, 0.96),
        ),
        "A random affine map and small random displacements, as on stretched rubber.",
        version=2,
    ),
)
