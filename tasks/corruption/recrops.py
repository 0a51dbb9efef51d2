"""One-pixel re-crops: what the camera sees after a step of one pixel, as far as a data set lets one know.

After Shifman and Weiss (2024), "Lost in translation: modern neural networks still struggle with small realistic image
transformations", who crop from a larger photograph. There is none here, so the row or column that comes into view
repeats the edge pixels.
"""

from __future__ import annotations

import numpy as np

from benchmark.corruptions.pixels import Pixels

DIRECTIONS = {
    "up-left": (-1, -1),
    "up": (-1, 0),
    "up-right": (-1, 1),
    "left": (0, -1),
    "right": (0, 1),
    "down-left": (1, -1),
    "down": (1, 0),
    "down-right": (1, 1),
}
"""Where the crop moves to: rows down, columns right."""


def recrop(images: Pixels, direction: str) -> Pixels:
    """The crop moved by one pixel, uint8 (N, H, W, C): not cyclic, what leaves is gone.

    images: uint8 (N, H, W, C). direction: one of DIRECTIONS.
    """
    height, width = images.shape[1:3]
    down, right = DIRECTIONS[direction]
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    return np.ascontiguousarray(padded[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width])
