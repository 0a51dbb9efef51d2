"""Random orders and numbers that every numpy version and machine draws alike."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def random_words(count: int, seed: int, purpose: str) -> NDArray[np.uint64]:
    """Uniform 64-bit words, uint64 (count,), that depend on the seed and the purpose alone.

    A Philox4x64 stream keyed by sha256 of both: only the raw words of numpy's generators are promised to stay equal.
    """
    key = hashlib.sha256(f"mettle selection\x00{seed}\x00{purpose}".encode()).digest()[:16]
    return np.asarray(np.random.Philox(key=int.from_bytes(key, "little")).random_raw(count), dtype=np.uint64)


def random_order(count: int, seed: int, purpose: str) -> Indices:
    """A random permutation of 0 to count - 1, int64 (count,)."""
    return np.argsort(random_words(count, seed, purpose), kind="stable").astype(np.int64)


def random_numbers(count: int, seed: int, purpose: str) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1) on a grid of 2**-53, float64 (count,)."""
    return (random_words(count, seed, purpose) >> np.uint64(11)).astype(np.float64) * 2.0**-53
