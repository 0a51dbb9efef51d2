"""From arithmetic back to pixels, and the size that lengths are measured by."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
S = TypeVar("S", bound=np.generic)

REFERENCE_SIDE_PX = 32
_HALF = 0.5 + 2.0**-20


def to_pixels(levels: npt.NDArray[np.floating]) -> Pixels:
    """Pixels of levels on the 0..255 scale: floor(x + 0.5 + 2**-20), clipped; `levels` is overwritten.

    Truncation would darken every image by half a level. The 2**-20 settles exact halves: a mean of integers
    that is x.5 on paper comes out a last bit above or below it, depending on the order of a sum, and would
    round either way; with the shift all of them round up, on every machine.

    levels: float64, any shape. Returns uint8 of that shape.
    """
    levels += _HALF
    np.maximum(levels, 0.0, out=levels)
    np.minimum(levels, 255.0, out=levels)
    return levels.astype(np.uint8)


def length_scale(images: Pixels) -> float:
    """Pixels per unit of length: the shorter side over 32, so that a strength means the same at any size.

    Radii, displacements and wavelengths of all corruptions are given for an image 32 pixels wide.
    images: uint8 (N, H, W, C).
    """
    return min(images.shape[1:3]) / REFERENCE_SIDE_PX


def luma(images: Pixels) -> Floats:
    """Perceived lightness on the 0..255 scale, float64 (N, H, W): ITU-R BT.601 weights; images: uint8 (N, H, W, C)."""
    if images.shape[3] == 1:
        return images[..., 0].astype(np.float64)
    red, green, blue = (images[..., channel] for channel in range(3))
    # Whole thousandths keep the sum exact.
    return (299.0 * red + 587.0 * green + 114.0 * blue) / 1000.0


def spread(layer: Floats, channels: int) -> Floats:
    """One layer for all channels, float64 (N, H, W*channels), laid out like the rows of an image; layer: (N, H, W)."""
    return layer if channels == 1 else np.repeat(layer, channels, axis=2)


def in_rows(images: npt.NDArray[S]) -> npt.NDArray[S]:
    """The same images as rows, (N, H, W*C): numpy is many times slower where the inner axis has three entries."""
    count, height, width, channels = images.shape
    return images.reshape(count, height, width * channels)
