"""Counter-based random draws: what an image gets depends on (seed, corruption, purpose, image index) alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
T = TypeVar("T")
_WORDS_PER_BLOCK = 8  # one Philox4x64 block is 256 bits, that is eight words of 32 bits


class Draws:
    """Random numbers for one batch of images, the same for any batching, order or number of workers.

    Every purpose has a Philox4x64 stream of its own, keyed by sha256 of (seed, corruption, purpose). In it
    the image with index i owns the blocks [i*L, (i+1)*L), where L is the number of blocks one image needs,
    so that a run of consecutive images is a single call. Only raw words are taken from numpy, because only
    the raw stream is promised to stay equal over its versions; the transforms are ours.

    Results are kept, so that severities of one batch share the draw and its cost. Returned arrays are
    read-only. A `Draws` object belongs to one batch.
    """

    def __init__(self, seed: int, corruption: str, indices: npt.NDArray[np.int64]) -> None:
        self.seed = int(seed)
        self.corruption = corruption
        self.indices = np.asarray(indices, dtype=np.int64)
        self._kept: dict[Hashable, Any] = {}
        self._distinct, inverse = np.unique(self.indices, return_inverse=True)
        in_order = np.array_equal(self._distinct, self.indices)
        self._inverse = None if in_order else inverse

    def key(self, purpose: str) -> int:
        """The 128-bit Philox key of one purpose."""
        text = f"mettle\x00{self.seed}\x00{self.corruption}\x00{purpose}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "little")

    def words(self, purpose: str, count: int) -> npt.NDArray[np.uint32]:
        """Uniform 32-bit words, uint32 (N, count)."""
        return self.once(("words", purpose, count), lambda: self._words(purpose, count))

    def _words(self, purpose: str, count: int) -> npt.NDArray[np.uint32]:
        key, blocks = self.key(purpose), -(-count // _WORDS_PER_BLOCK)
        breaks = np.flatnonzero(np.diff(self._distinct) != 1) + 1
        runs = [
            np.random.Philox(key=key, counter=int(run[0]) * blocks).random_raw(len(run) * blocks * 4)
            for run in np.split(self._distinct, breaks)
            if len(run)
        ]
        raw = runs[0] if len(runs) == 1 else np.concatenate([np.empty(0, np.uint64), *runs])
        raw = raw.astype("<u8", copy=False)
        drawn = raw.view("<u4").reshape(-1, blocks * _WORDS_PER_BLOCK)[:, :count]
        return drawn if self._inverse is None else drawn[self._inverse]

    def uniform(self, purpose: str, shape: tuple[int, ...] = ()) -> Floats:
        """Uniform numbers in the open interval (0, 1), float64 (N, *shape), on a grid of 2**-32."""

        def make() -> Floats:
            words = self.words(purpose, int(np.prod(shape, dtype=np.int64)))
            values = words.astype(np.float64)
            values += 0.5
            values *= 2.0**-32
            return values.reshape(-1, *shape)

        return self.once(("uniform", purpose, shape), make)

    def normal(self, purpose: str, shape: tuple[int, ...] = ()) -> Floats:
        """Standard normal numbers, float64 (N, *shape), by the inverse distribution; at most 6.34 in size."""
        return self.once(("normal", purpose, shape), lambda: ndtri(self.uniform(purpose, shape)))

    def between(self, purpose: str, low: float, high: float, shape: tuple[int, ...] = ()) -> Floats:
        """Uniform numbers in (low, high), float64 (N, *shape)."""
        return low + (high - low) * self.uniform(purpose, shape)

    def once(self, name: Hashable, make: Callable[[], T]) -> T:
        """`make()`, computed at the first call under this name; for what the severities of a batch share."""
        if name not in self._kept:
            made = make()
            if isinstance(made, np.ndarray):
                made.flags.writeable = False
            self._kept[name] = made
        return self._kept[name]
