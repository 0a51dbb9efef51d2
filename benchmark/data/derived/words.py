"""Random words that belong to an image, the same for any selection, order or batch of images."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

_WORDS_A_BLOCK = 8  # a Philox4x64 block is four words of 64 bits, read here as eight of 32


def image_words(purpose: str, indices: NDArray[np.int64], count: int) -> NDArray[np.uint32]:
    """`count` uniform 32-bit words of each image: uint32 (N, count).

    What an image gets depends on the purpose and its own index alone. Only raw words of numpy's Philox are used,
    because only that stream is promised to stay equal over numpy's versions. indices: int64 (N,), none negative.
    """
    if not len(indices):
        return np.empty((0, count), np.uint32)
    blocks = -(-count // _WORDS_A_BLOCK)
    key = int.from_bytes(hashlib.sha256(f"mettle\x00{purpose}".encode()).digest()[:16], "little")
    first, last = int(np.min(indices)), int(np.max(indices))
    raw = np.random.Philox(key=key, counter=first * blocks).random_raw((last - first + 1) * blocks * 4)
    table = raw.astype("<u8", copy=False).view("<u4").reshape(-1, blocks * _WORDS_A_BLOCK)
    return table[np.asarray(indices) - first, :count]


def below(words: NDArray[np.uint32], limit: int) -> NDArray[np.int64]:
    """Words as whole numbers 0 to limit - 1, int64 of the same shape; biased by less than limit / 2**32."""
    return (words.astype(np.uint64) * np.uint64(limit) >> np.uint64(32)).astype(np.int64)
