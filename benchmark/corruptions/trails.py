"""Motion trails: every image blurred along a direction of its own, in integers."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Floats, Pixels, in_rows

_SLOPE_BITS = 8  # a place between two rows, in 256ths of a pixel
_WEIGHT_BITS = 16
_CUT_SIGMAS = 4.0


def trail(images: Pixels, slopes: Floats, sigma: float, radius: float, draws: Draws | None = None) -> Pixels:
    """Each image smeared to the right and along its slope with half-Gaussian weights; uint8 like `images`.

    The trail steps by whole columns; between rows it is linear. With 8 bits of pixel, 8 of row fraction and 16
    of weight all sums fit 32 bits, so the result is the same on every machine. Border pixels go on outside.

    images: uint8 (N, H, W, C); slopes: float64 (N,), rows a column, in [-1, 1]; sigma and radius in pixels
    along the trail. The steps are kept in `draws`, if given, for the other severities of the same images.
    """
    lengths = np.sqrt(1.0 + slopes**2)
    steps = int(min(radius, _CUT_SIGMAS * sigma)) if sigma > 0.0 else 0
    distances = np.arange(steps + 1) * lengths[:, None]
    weights = np.exp(-0.5 * (distances / max(sigma, 1e-9)) ** 2) * (distances <= max(radius, 0.0))
    units = np.rint(weights / weights.sum(axis=1, keepdims=True) * 2.0**_WEIGHT_BITS).astype(np.uint32)
    units[:, 0] += np.uint32(1 << _WEIGHT_BITS) - units.sum(axis=1, dtype=np.uint32)
    total = np.full(in_rows(images).shape, 1 << (_SLOPE_BITS + _WEIGHT_BITS - 1), np.uint32)
    for step in range(steps + 1):
        if units[:, step].any():
            make = partial(_shifted, images, slopes, step)
            lines = make() if draws is None else draws.once(("trail", step), make)
            total += np.multiply(lines, units[:, step, None, None], dtype=np.uint32)
    total >>= np.uint32(_SLOPE_BITS + _WEIGHT_BITS)
    return total.astype(np.uint8).reshape(images.shape)


def _shifted(images: Pixels, slopes: Floats, step: int) -> npt.NDArray[np.uint16]:
    """What lies `step` columns to the left and `step * slope` rows down, times 256: uint16 (N, H, W*C)."""
    count, height, width, channels = images.shape
    lines = np.concatenate(
        [np.repeat(images[:, :, :1], min(step, width), axis=2), images[:, :, : max(width - step, 0)]], axis=2
    ).reshape(count * height, width * channels)
    down = np.rint(slopes * step * 2.0**_SLOPE_BITS).astype(np.intp)
    # One row more than there are: the lower neighbour of a row is the upper one of the next.
    row = np.arange(height + 1) + (down >> _SLOPE_BITS)[:, None]
    np.maximum(row, 0, out=row)
    np.minimum(row, height - 1, out=row)
    row += np.arange(count)[:, None] * height
    fraction = (down & ((1 << _SLOPE_BITS) - 1)).astype(np.uint16)[:, None, None]
    shown = lines[row].astype(np.uint16)
    upper = shown[:, :-1] * (np.uint16(1 << _SLOPE_BITS) - fraction)
    upper += shown[:, 1:] * fraction
    return upper
