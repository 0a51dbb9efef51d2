"""Small moves of a picture: mirrored, turned, scaled and shifted, as maps of places and as sampling matrices."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Places = NDArray[np.complex128]


class Similarity(NamedTuple):
    """How a test image was moved to lie on a submitted one: mirrored first, then turned and scaled, then shifted.

    Turned about the centre, clockwise where positive; shifts in pixels, down and to the right.
    """

    mirrored: bool
    rotation_degrees: float
    scale: float
    down_px: float
    right_px: float

    def in_words(self) -> str:
        """What was done, in words; "in place" where nothing was."""
        parts = ["mirrored"] if self.mirrored else []
        if abs(self.rotation_degrees) >= 0.5:
            parts.append(f"turned {self.rotation_degrees:+.0f} degrees")
        if abs(self.scale - 1) >= 0.01:
            parts.append(f"scaled {self.scale:.2f}")
        if max(abs(self.down_px), abs(self.right_px)) >= 0.25:
            parts.append(f"shifted {self.down_px:+.1f} px down and {self.right_px:+.1f} px right")
        return ", ".join(parts) or "in place"


def centred_places(height: int, width: int) -> Places:
    """Places of the pixels about the centre, right + i down, in pixels: complex128 (H * W,)."""
    down, right = np.mgrid[:height, :width].astype(np.float64)
    return np.asarray((right - (width - 1) / 2 + 1j * (down - (height - 1) / 2)).ravel())


def turn(similarity: Similarity) -> complex:
    """The complex factor that turns and scales a place about the centre."""
    angle = math.radians(similarity.rotation_degrees)
    return similarity.scale * complex(math.cos(angle), math.sin(angle))


def undoing_matrix(similarity: Similarity, height: int, width: int) -> sparse.csr_array:
    """Maps a moved image to what it was before: float32 (H * W, H * W), bilinear, edge pixels repeated outside."""
    places = centred_places(height, width)
    if similarity.mirrored:
        places = -places.conj()
    places = turn(similarity) * places + complex(similarity.right_px, similarity.down_px)
    down = np.clip(places.imag + (height - 1) / 2, 0, height - 1)
    right = np.clip(places.real + (width - 1) / 2, 0, width - 1)
    top, left = np.minimum(down.astype(int), height - 2), np.minimum(right.astype(int), width - 2)
    below, beyond = down - top, right - left
    corner = top * width + left
    rows = np.tile(np.arange(height * width), 4)
    columns = np.concatenate([corner, corner + 1, corner + width, corner + width + 1])
    weights = np.concatenate(
        [(1 - below) * (1 - beyond), (1 - below) * beyond, below * (1 - beyond), below * beyond]
    ).astype(np.float32)
    return sparse.csr_array((weights, (rows, columns)), shape=(height * width, height * width))
