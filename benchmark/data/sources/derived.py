"""Data sets that are made from another one by a recipe of `benchmark.data.derived`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmark.data.dataset import Dataset
from benchmark.data.derived.colour import colour_part
from benchmark.data.derived.pools import POOLS
from benchmark.data.manifest import Manifest
from benchmark.data.sources.offer import Arrays, Offer

Recipe = Callable[[NDArray[np.uint8], NDArray[np.int64], str], Arrays]


def _coloured(images: NDArray[np.uint8], labels: NDArray[np.int64], part: str) -> Arrays:
    return colour_part(images, labels, part), labels


def _as_given(pool: str) -> Recipe:
    def made(images: NDArray[np.uint8], labels: NDArray[np.int64], _part: str) -> Arrays:
        found = POOLS[pool](images, labels)
        return found.images, found.labels

    return made


RECIPES: dict[str, Recipe] = {"colour": _coloured, **{name: _as_given(name) for name in POOLS}}
"""Recipe to the function that makes a part's images and labels from those of the origin's part and its name."""


def offers(manifest: Manifest, part: str, load_origin: Callable[[str, str], Dataset]) -> Iterator[Offer]:
    """The part made from the origin's part of the same name; raises what `load_origin(name, part)` raises."""
    if manifest.derived is None:
        return
    derived = manifest.derived
    origin = load_origin(derived.origin, part)

    def read(_progress: bool) -> Arrays:
        return RECIPES[derived.recipe](origin.images, origin.labels, part)

    yield Offer(f"made from {derived.origin} ({origin.source})", (), read)
