"""Hashes of pixels and labels, and small per-image checksums that say which images differ and how far."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

SATURATED_LEVELS = 64.0
"""Above this distance the checksums wrap around, so an estimate says "64 or more"."""

_EXACT_BLOCK = 65_536  # 65,536 values of at most 255 sum to less than 2**24, which float32 holds exactly
_ROWS_AT_ONCE_VALUES = 4_000_000


def values_sha256(array: np.ndarray) -> str:
    """The sha256, in hex, of an array's values in C order and little-endian; its shape is not part of it."""
    return hashlib.sha256(raw_bytes(array)).hexdigest()


def raw_bytes(array: np.ndarray) -> memoryview:
    """The values of an array in C order and little-endian, as bytes; a view of the array where that is possible."""
    little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return little_endian.reshape(-1).view(np.uint8).data


@lru_cache(maxsize=8)
def _signs(shape: tuple[int, ...], k: int) -> np.ndarray:
    """The +-1 patterns for images of this shape: float32 (values, k), column j read from SHAKE-256."""
    values = int(np.prod(shape))
    columns = []
    for j in range(k):
        key = f"image checksum {'x'.join(map(str, shape))} {j}".encode()
        stream = np.frombuffer(hashlib.shake_256(key).digest((values + 7) // 8), np.uint8)
        columns.append(np.unpackbits(stream)[:values])
    return np.stack(columns, axis=1).astype(np.float32) * 2 - 1


def image_checksums(images: np.ndarray, k: int = 4) -> np.ndarray:
    """k small checksums of each image: int8 (N, k), each a random +-1 sum of its pixels modulo 256.

    images: uint8 (N, H, W, C) or any (N, ...). The signs depend only on the image shape and the column, so the
    first columns are the same for every k. A change of one level in one pixel changes each checksum by one, and
    the squared difference of two checksums has the squared pixel distance as its expectation: the "tug of war"
    sketch of Alon, Matias and Szegedy (1996), kept modulo 256.
    """
    if images.dtype != np.uint8 or images.ndim < 2:
        raise ValueError(f"images must be uint8 (N, ...), not {images.dtype} {images.shape}")
    count = len(images)
    signs = _signs(images.shape[1:], k)
    rows_at_once = max(1, _ROWS_AT_ONCE_VALUES // max(1, len(signs)))
    sums = np.zeros((count, k), np.int64)
    for start in range(0, count, rows_at_once):
        rows = images[start : start + rows_at_once]
        rows = rows.reshape(len(rows), -1).astype(np.float32)
        for first in range(0, len(signs), _EXACT_BLOCK):
            block = rows[:, first : first + _EXACT_BLOCK] @ signs[first : first + _EXACT_BLOCK]
            sums[start : start + len(rows)] += block.astype(np.int64)
    return (sums & 0xFF).astype(np.uint8).view(np.int8)


def describe_mismatch(expected: np.ndarray, actual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which images differ, and about how far: positions int64 (M,), distances float64 (M,) in grey levels.

    expected, actual: int8 (N, k) from `image_checksums`. A distance is the estimated root of the summed squared
    pixel differences of that image; its square is unbiased below `SATURATED_LEVELS`, above which it only says
    "at least about that". A change can leave k checksums alone by chance (two pixels one level off: 2**-k), so
    an empty answer does not prove equality; a sha256 does. Raises ValueError for unlike shapes.
    """
    if expected.shape != actual.shape or expected.ndim != 2:
        raise ValueError(f"checksums of unlike shapes: {expected.shape} and {actual.shape}")
    difference = (actual.view(np.uint8) - expected.view(np.uint8)).view(np.int8).astype(np.float64)
    squared = np.mean(difference**2, axis=1) if expected.shape[1] else np.zeros(len(expected))
    positions = np.flatnonzero(squared)
    return positions, np.sqrt(squared[positions])
