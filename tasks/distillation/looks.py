"""The ways in which the images of a distilled set are held against test images: as shown, and stretched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.submitted_sets.distilled import DistilledSet, on_screen

FAR_PERCENT = 2.0
"""15 pixels of 784 at each end: more would cost real copies."""


def looks(distilled: DistilledSet) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images to search, uint8 (L, H, W, C), and which image of the set each of them shows, int64 (L,), ascending.

    Every image as a screen shows it. Where the file has a range of its own, also stretched: a test image whose values
    lie beyond white or a thousandth apart looks blank, and teaches a net with instance norm all the same. And stretched
    between its percentiles, as a single far value would leave the rest blank.
    """
    shown = np.arange(len(distilled.images))
    if "range" not in distilled.bytes:
        return distilled.pixels(), shown
    ways = [distilled.pixels(), stretched(distilled.images), stretched(distilled.images, FAR_PERCENT)]
    return np.stack(ways, axis=1).reshape(-1, *ways[0].shape[1:]), np.repeat(shown, len(ways))


def stretched(images: NDArray[np.floating], far_percent: float = 0.0) -> NDArray[np.uint8]:
    """Each channel of each image from its lowest value, black, to its highest, white; of one value: black.

    images: float (N, H, W, C). far_percent: so many of a channel's pixels are black whatever their values, the lowest,
    and so many white, the highest. Gives uint8 of that shape.
    """
    low, high = np.percentile(images, (far_percent, 100 - far_percent), axis=(1, 2), keepdims=True)
    return on_screen((np.clip(images, low, high) - low) / np.where(high > low, high - low, 1))
