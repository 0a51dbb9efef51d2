"""Images that hold several: cut into tiles and enlarged before training, as in IDC."""

from __future__ import annotations

import numpy as np


def decode(images: np.ndarray, targets: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """The factor x factor tiles of every image, enlarged to its size, with its target.

    images: float (N, H, W, C), H and W multiples of the factor. targets: (N, K). Gives float32 (factor^2 N, H, W, C)
    and (factor^2 N, K); the tiles of an image follow each other, row by row. Enlarging is bilinear between pixel
    centres, the edge repeated outside, so values stay within those of the tile. Raises ValueError for other sides.
    Source: Kim et al., arXiv 2205.14959, multi-formation.
    """
    count, height, width, channels = images.shape
    if factor < 1 or height % factor or width % factor:
        raise ValueError(f"{height} x {width} images cannot be cut into {factor} x {factor} equal tiles")
    if factor == 1:
        return images.astype(np.float32), targets
    tiles = images.reshape(count, factor, height // factor, factor, width // factor, channels)
    tiles = tiles.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height // factor, width // factor, channels)
    rows, columns = _enlarging(height // factor, factor), _enlarging(width // factor, factor)
    enlarged = np.einsum("yi,xj,nijc->nyxc", rows, columns, tiles.astype(np.float64), optimize=True)
    return enlarged.astype(np.float32), np.repeat(targets, factor**2, axis=0)


def _enlarging(length: int, factor: int) -> np.ndarray:
    """Shares of each of `length` pixels in each of factor x length: float64 (factor length, length), rows sum to 1."""
    centres = (np.arange(length * factor) + 0.5) / factor - 0.5
    below = np.floor(centres)
    upper_share = centres - below
    shares = np.zeros((length * factor, length))
    place = np.arange(length * factor)
    np.add.at(shares, (place, np.clip(below, 0, length - 1).astype(int)), 1 - upper_share)
    np.add.at(shares, (place, np.clip(below + 1, 0, length - 1).astype(int)), upper_share)
    return shares
