"""Patch-wise corruption: one patch of each image replaced by the same patch of its corrupted copy.

After Gu, Tresp and Qin (2022), "Are vision transformers robust to patch perturbations?", who replace one token's patch.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Pixels


def with_patch(
    images: Pixels, corrupted: Pixels, corruption: str, patch_px: int, *, seed: int, indices: npt.NDArray[np.int64]
) -> Pixels:
    """Copies of the images in which one square patch is that of `corrupted`, uint8 (N, H, W, C).

    Patches tile the image from its upper left corner; which one is drawn by (seed, corruption, index), all alike.
    images, corrupted: uint8 (N, H, W, C), H and W multiples of patch_px. Raises ValueError where they are not.
    """
    height, width = images.shape[1:3]
    if height % patch_px or width % patch_px:
        raise ValueError(f"patch_px: a divisor of {height} and {width}, but got {patch_px}")
    columns = width // patch_px
    tiles = (height // patch_px) * columns
    words = Draws(seed, f"patch {corruption}", indices).words("tile", 1)[:, 0]
    tile = (words.astype(np.uint64) * np.uint64(tiles) >> np.uint64(32)).astype(np.int64)
    inside_rows = np.arange(height) // patch_px == (tile // columns)[:, None]
    inside_columns = np.arange(width) // patch_px == (tile % columns)[:, None]
    inside = inside_rows[:, :, None] & inside_columns[:, None, :]
    return np.where(inside[..., None], corrupted, images)
