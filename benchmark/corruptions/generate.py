"""Corrupted images, in cache-sized batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmark.corruptions.corruption import Parameters
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Pixels
from benchmark.corruptions.registry import named
from benchmark.errors import MettleError

SMALLEST_SIDE_PX = 28
_VALUES_PER_BATCH = 100_000  # float64 copies of this many values stay in the second-level cache


def corrupt(images: Pixels, name: str, parameters: Parameters, *, seed: int, indices: npt.NDArray[np.int64]) -> Pixels:
    """The images under one corruption, uint8 like `images`; a pure function.

    images: uint8 (N, H, W, C), H and W from 28, C 1 or 3. indices: int64 (N,), the images' numbers in the data
    set, from 0; randomness depends on (seed, name, index) and the image's size alone.
    Raises MettleError for an unknown name or images of another kind.
    """
    return corrupt_severities(images, name, [parameters], seed=seed, indices=indices)[0]


def corrupt_severities(
    images: Pixels,
    name: str,
    severities: Sequence[Parameters],
    *,
    seed: int,
    indices: npt.NDArray[np.int64],
) -> Pixels:
    """The images under several parameter sets of one corruption that share the draws, uint8 (S, N, H, W, C).

    Equal to `corrupt` set by set, and faster. Arguments and errors as there.
    """
    corruption = named(name)
    images, indices = _checked(images, indices)
    made = np.empty((len(severities), *images.shape), np.uint8)
    step = max(1, _VALUES_PER_BATCH // int(np.prod(images.shape[1:])))
    for start in range(0, len(images), step):
        batch = images[start : start + step]
        draws = Draws(seed, name, indices[start : start + step])
        for place, parameters in enumerate(severities):
            made[place, start : start + step] = corruption.apply(batch, draws, **parameters)
    return made


def _checked(images: Pixels, indices: npt.NDArray[np.int64]) -> tuple[Pixels, npt.NDArray[np.int64]]:
    images, indices = np.asarray(images), np.asarray(indices)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise MettleError("images", "must be uint8 (N, H, W, C) with C 1 or 3", f"{images.dtype} {images.shape}")
    if min(images.shape[1:3]) < SMALLEST_SIDE_PX:
        raise MettleError("images", f"must be at least {SMALLEST_SIDE_PX} pixels wide and high", images.shape)
    if indices.shape != images.shape[:1] or indices.dtype.kind not in "iu" or (indices < 0).any():
        raise MettleError(
            "indices", "must be one whole number from 0 for each image", f"{indices.dtype} {indices.shape}"
        )
    return np.ascontiguousarray(images), indices.astype(np.int64)
