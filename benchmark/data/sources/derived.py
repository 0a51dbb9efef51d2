"""Data sets that are made from another one by a recipe of `benchmark.data.derived`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmark.data.dataset import Dataset
from benchmark.data.derived.colour import colour_part
from benchmark.data.manifest import Manifest
from benchmark.data.sources.offer import Arrays, Offer

RECIPES: dict[str, Callable[[NDArray[np.uint8], NDArray[np.int64], str], NDArray[np.uint8]]] = {"colour": colour_part}
"""Recipe to the function that makes a part's images from those of the origin and its labels, which stay."""


def offers(manifest: Manifest, part: str, load_origin: Callable[[str, str], Dataset]) -> Iterator[Offer]:
    """The part made from the origin's part of the same name; raises what `load_origin(name, part)` raises."""
    if manifest.derived is None:
        return
    derived = manifest.derived
    origin = load_origin(derived.origin, part)

    def read(_progress: bool) -> Arrays:
        return RECIPES[derived.recipe](origin.images, origin.labels, part), origin.labels

    yield Offer(f"made from {derived.origin} ({origin.source})", (), read)
