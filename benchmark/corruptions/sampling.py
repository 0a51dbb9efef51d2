"""Images seen through a map of places: bilinear interpolation in integers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmark.corruptions.pixels import Floats, Pixels

_BITS = 8  # places are taken to 1/256 of a pixel


def fixed_places(places: Floats, length: int) -> npt.NDArray[np.int32]:
    """Places along an axis in 256ths of a pixel, int32, reflected into [0, length - 1] about the end pixels."""
    last = (length - 1) << _BITS
    fixed = np.floor(places * 2.0**_BITS + (0.5 + 2.0**-20))
    folded = np.abs(np.clip(fixed, -last, 2 * last).astype(np.int32))
    return last - np.abs(last - folded)


def sample(images: Pixels, rows: Floats, columns: Floats) -> Pixels:
    """What each image shows at (rows, columns): uint8 (N, H, W, C), bilinear, rounded half up.

    images: uint8 (N, H, W, C); rows and columns: float64 (N, H, W), in pixels. The sums hold 8 bits of pixel
    and 2 x 8 bits of place, so nothing is rounded but the places and the result.
    """
    count, height, width, channels = images.shape
    return sample_fixed(images, fixed_places(rows, height), fixed_places(columns, width)).reshape(
        count, height, width, channels
    )


def sample_fixed(images: Pixels, rows: npt.NDArray[np.int32], columns: npt.NDArray[np.int32]) -> Pixels:
    """`sample` for places from `fixed_places`, int32 (N, H, W)."""
    count, height, width, channels = images.shape
    wide = width + 1
    first = np.arange(count, dtype=np.intp)[:, None, None] * ((height + 1) * wide)
    corner = (rows >> _BITS).astype(np.intp) * wide + (columns >> _BITS) + first
    right = (columns & 255).astype(np.uint16)
    left = np.uint16(256) - right
    down = (rows & 255).astype(np.uint32)
    up = np.uint32(256) - down
    shown = np.empty(images.shape, np.uint8)
    plane = np.zeros((count, height + 1, wide), np.uint8)
    flat = plane.reshape(-1)
    for channel in range(channels):
        # The extra row and column are only ever read with weight zero.
        plane[:, :height, :width] = images[..., channel]
        above = flat.take(corner) * left + flat[1:].take(corner) * right
        below = flat[wide:].take(corner) * left + flat[wide + 1 :].take(corner) * right
        total = above * up + below * down
        total += np.uint32(1 << 15)
        total >>= np.uint32(16)
        shown[..., channel] = total
    return shown


def sample_levels(levels: Floats, rows: npt.NDArray[np.floating], columns: npt.NDArray[np.floating]) -> Floats:
    """Fields (N, H, W) seen on the grid rows x columns inside them, bilinear, float64 (N, len(rows), len(columns))."""
    top = np.clip(np.floor(rows).astype(np.intp), 0, levels.shape[1] - 2)
    left = np.clip(np.floor(columns).astype(np.intp), 0, levels.shape[2] - 2)
    down, right = (rows - top)[:, None], columns - left
    lines = levels[:, top] * (1.0 - down) + levels[:, top + 1] * down
    return lines[:, :, left] * (1.0 - right) + lines[:, :, left + 1] * right
