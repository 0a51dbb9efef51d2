"""The ways in which the images of a distilled set are held against test images: as shown, and stretched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.submitted_sets.distilled import DistilledSet, on_screen

FAR_PERCENTS = (0.0, 2.0, 10.0)
"""Of 784 pixels none, 15 or 78 at each end. The larger, the more far values are left out, and of the image as well."""


def looks(distilled: DistilledSet) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images to search, uint8 (L, H, W, C), and which image of the set each of them shows, int64 (L,), ascending.

    Every image as a screen shows it. Where the file has a range of its own, also stretched: a test image whose values
    lie beyond white or a thousandth apart looks blank, and teaches a net with instance norm all the same. And stretched
    between its percentiles, as a few far values would leave the rest blank.
    """
    shown = np.arange(len(distilled.images))
    if "range" not in distilled.bytes:
        return distilled.pixels(), shown
    ways = [distilled.pixels(), *(stretched(distilled.images, percent) for percent in FAR_PERCENTS)]
    return np.stack(ways, axis=1).reshape(-1, *ways[0].shape[1:]), np.repeat(shown, len(ways))


def stretched(images: NDArray[np.floating], far_percent: float) -> NDArray[np.uint8]:
    """Each channel of each image from its lowest value, black, to its highest, white; of one value: black.

    images: float (N, H, W, C). far_percent: so many of a channel's pixels are black whatever their values, the lowest,
    and so many white, the highest. Gives uint8 of that shape.
    """
    low, high = np.percentile(images, (far_percent, 100 - far_percent), axis=(1, 2), keepdims=True)
    return on_screen((np.clip(images, low, high) - low) / np.where(high > low, high - low, 1))
