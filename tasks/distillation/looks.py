"""The ways in which the images of a distilled set are held against test images: as shown, and stretched."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.submitted_sets.distilled import DistilledSet, on_screen


def looks(distilled: DistilledSet) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images to search, uint8 (L, H, W, C), and which image of the set each of them shows, int64 (L,), ascending.

    Every image as a screen shows it. Where the file has a range of its own, also stretched: a test image whose values
    lie beyond white or a thousandth apart looks blank, and teaches a net with instance norm all the same.
    """
    shown = np.arange(len(distilled.images))
    if "range" not in distilled.bytes:
        return distilled.pixels(), shown
    both = np.stack([distilled.pixels(), stretched(distilled.images)], axis=1)
    return both.reshape(-1, *both.shape[2:]), np.repeat(shown, 2)


def stretched(images: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Each channel of each image from its lowest value, black, to its highest, white; of one value: black.

    images: float (N, H, W, C). Gives uint8 of that shape.
    """
    low, high = images.min(axis=(1, 2), keepdims=True), images.max(axis=(1, 2), keepdims=True)
    return on_screen((images - low) / np.where(high > low, high - low, 1))
