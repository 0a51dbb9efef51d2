"""Grey patches cut from the pictures that scikit-image carries."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.data.sources.offer import Arrays

TEXTURES = ("brick", "grass", "gravel")
PHOTOGRAPHS = ("astronaut", "camera", "chelsea", "coffee", "coins", "motorcycle_left")

PATCH_SIZE = 28
_MOST_OVERLAP = 2  # pixels that neighbours may share, so that 512 pixels give 19 patches instead of 18


def read_patches(files: list[Path], _part: str) -> Arrays:
    """All patches of the pictures in their order, row by row: uint8 (N, 28, 28, 1), and int64 (N,), which picture.

    Patches are cut at full resolution and cover a picture evenly; neighbours share at most 2 pixels.
    """
    cut = [_patches(_grey(path)) for path in files]
    labels = np.repeat(np.arange(len(cut)), [len(patches) for patches in cut])
    return np.concatenate(cut)[..., None], labels


def _grey(path: Path) -> np.ndarray:
    """A PNG picture as grey levels, uint8 (H, W): colours by the luma weights of ITU-R BT.601 in 256ths."""
    from PIL import Image

    with Image.open(path, formats=("PNG",)) as picture:
        pixels = np.asarray(picture)
    if pixels.ndim == 2:
        return pixels
    red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
    return ((77 * red + 150 * green + 29 * blue + 128) >> 8).astype(np.uint8)


def _patches(picture: np.ndarray) -> np.ndarray:
    rows, columns = (_starts(length) for length in picture.shape)
    return np.stack([picture[top : top + PATCH_SIZE, left : left + PATCH_SIZE] for top in rows for left in columns])


def _starts(length: int) -> list[int]:
    """Where patches start along one side: as many as fit with the overlap allowed, from one edge to the other."""
    room = length - PATCH_SIZE
    count = 1 + room // (PATCH_SIZE - _MOST_OVERLAP)
    return [position * room // (count - 1) for position in range(count)] if count > 1 else [room // 2]
