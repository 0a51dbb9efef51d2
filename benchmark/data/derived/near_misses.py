"""Images of no class, made from images of the classes: what detectors are tuned on, and nets may be trained against.

Integer arithmetic only. What becomes of an image depends on (kind, seed, its index) and the pixels alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.data.derived.words import image_words

PIECES = 4
"""A jigsaw has this many pieces along each side."""

Images = NDArray[np.uint8]


def jigsaw(images: Images, indices: NDArray[np.int64], seed: int) -> Images:
    """Each image with its 4 x 4 pieces in a random order of their own: uint8 (N, H, W, C).

    images: uint8 (N, H, W, C), H and W multiples of 4 (ValueError otherwise); indices: int64 (N,), what the order of
    an image's pieces is drawn by.
    """
    count, height, width, channels = images.shape
    if height % PIECES or width % PIECES:
        raise ValueError(f"a jigsaw needs sides that {PIECES} divides, not {height} x {width}")
    tall, wide = height // PIECES, width // PIECES
    pieces = images.reshape(count, PIECES, tall, PIECES, wide, channels).swapaxes(2, 3)
    pieces = pieces.reshape(count, PIECES**2, tall, wide, channels)
    order = np.argsort(image_words(f"jigsaw {seed}", indices, PIECES**2), axis=1, kind="stable")
    moved = np.take_along_axis(pieces, order[:, :, None, None, None], axis=1)
    return np.ascontiguousarray(
        moved.reshape(count, PIECES, PIECES, tall, wide, channels).swapaxes(2, 3).reshape(images.shape)
    )


def blend(images: Images, partners: Images) -> Images:
    """The mean of each image and its partner, rounded down: uint8 (N, H, W, C)."""
    return ((images.astype(np.uint16) + partners) // 2).astype(np.uint8)


def quarter_turn(images: Images) -> Images:
    """Each image turned by 90 degrees to the left: uint8 (N, W, H, C)."""
    return np.ascontiguousarray(np.rot90(images, axes=(1, 2)))
