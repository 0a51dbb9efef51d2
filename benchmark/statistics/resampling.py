"""Random draws and orders of test images, equal on every machine and numpy version."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

DRAWS_PER_BLOCK = 1_000_000  # a block stays near the cache: 4 times faster than blocks of 4 million


def image_counts(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Blocks of bootstrap counts: int64 (block, n), how often each of n images is drawn; a row sums to n.

    The blocks together hold `resamples` rows; their size does not change the draws. Draws come from the raw output
    of PCG64, which numpy keeps stable (its `Generator` methods may change), by multiplication and shift; the bias is
    below n / 2^32. They depend on n and seed alone, so every table of n images uses the same draws. Raises
    ValueError for n or resamples below 1.
    """
    if n < 1 or resamples < 1:
        raise ValueError(f"n and resamples: at least 1, but got {n} and {resamples}")
    stream = np.random.PCG64(seed)
    block = max(1, DRAWS_PER_BLOCK // n)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        raw = stream.random_raw(rows * ((n + 1) // 2)).reshape(rows, -1)
        halves = np.empty((rows, 2 * raw.shape[1]), dtype=np.uint64)
        halves[:, 0::2] = raw >> np.uint64(32)
        halves[:, 1::2] = raw & np.uint64(0xFFFFFFFF)
        images = ((halves[:, :n] * np.uint64(n)) >> np.uint64(32)).astype(np.int64)
        images += np.arange(rows, dtype=np.int64)[:, None] * n
        yield np.bincount(images.ravel(), minlength=rows * n).reshape(rows, n)


def random_keys(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.uint64]]:
    """Blocks of random keys: uint64 (block, n), whose order in a row is a random permutation of n images.

    The blocks together hold `resamples` rows; their size does not change the keys, which come from the raw output of
    PCG64 as in `image_counts`. Two keys of a row are equal with a chance below n^2 / 2^65. Errors as there.
    """
    if n < 1 or resamples < 1:
        raise ValueError(f"n and resamples: at least 1, but got {n} and {resamples}")
    stream = np.random.PCG64(seed)
    block = max(1, DRAWS_PER_BLOCK // n)
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        yield stream.random_raw(rows * n).reshape(rows, n)
