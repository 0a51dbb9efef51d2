"""Plasma fractals: cloudy fields by midpoint displacement."""

from __future__ import annotations

import numpy as np

from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Floats


def plasma(draws: Draws, purpose: str, height: int, width: int, decay: float) -> Floats:
    """A random cloudy field per image, float64 (N, height, width), from 0 to 1 over its square.

    Diamond-square on a torus whose side is the next power of two (Fournier, Fussell and Carpenter 1982): every
    new point is the mean of four neighbours plus uniform noise, whose size falls by decay**2 a level.
    """
    return draws.once(("plasma", purpose, decay), lambda: _plasma(draws, purpose, height, width, decay))


def _plasma(draws: Draws, purpose: str, height: int, width: int, decay: float) -> Floats:
    side = 1 << int(np.ceil(np.log2(max(height, width))))
    noise = 2.0 * draws.uniform(purpose, (side, side)) - 1.0
    field = np.zeros_like(noise)
    step, size = side, 1.0
    while step > 1:
        half = step // 2
        corners = field[:, ::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=1)
        centres = (pairs + np.roll(pairs, -1, axis=2)) / 4.0 + size * noise[:, half::step, half::step]
        field[:, half::step, half::step] = centres
        across = corners + np.roll(corners, -1, axis=2) + centres + np.roll(centres, 1, axis=1)
        field[:, ::step, half::step] = across / 4.0 + size * noise[:, ::step, half::step]
        along = corners + np.roll(corners, -1, axis=1) + centres + np.roll(centres, 1, axis=2)
        field[:, half::step, ::step] = along / 4.0 + size * noise[:, half::step, ::step]
        step, size = half, size / decay**2
    low, high = field.min(axis=(1, 2), keepdims=True), field.max(axis=(1, 2), keepdims=True)
    return np.ascontiguousarray(((field - low) / (high - low))[:, :height, :width])
