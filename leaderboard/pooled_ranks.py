"""The outcomes of an out-of-distribution task: ranks of the scores of all images of a part, pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.documents.canonical import array_sha256
from benchmark.errors import MettleError
from benchmark.statistics.delong import Part, auroc_pseudo_values

MOST_UNITS = 10_000_000
"""No task has as many images; a number above would have the reader fill the memory."""


@dataclass(frozen=True, eq=False)
class Images:
    """Some images of a part: their dense ranks, higher is more out of distribution, and which images they are."""

    ranks: np.ndarray
    """int64 (N,)"""
    units: np.ndarray
    """int64 (N,): numbers of the base images."""


@dataclass(frozen=True, eq=False)
class PooledPart:
    """One training run or hold-out pair: the in-distribution images and each set of others."""

    name: str
    inside: Images
    outside: Mapping[str, Images]

    @property
    def images(self) -> str:
        """A text that is equal for parts made of the same images."""
        sets = ", ".join(f"{name} {array_sha256(images.units)[:12]}" for name, images in self.outside.items())
        return f"in {array_sha256(self.inside.units)[:12]} against {sets}"


def pooled_parts(path: Path, arrays: Mapping[str, np.ndarray]) -> list[PooledPart]:
    """The parts of a record, by name, from its arrays `rank/<part>/in`, `rank/<part>/out/<set>` and `unit/...`.

    Parts made of the same images share one array of units each, named `unit/in` and `unit/out/<set>`.
    Raises MettleError for ranks without units, parts without images of both kinds, and arrays of other shapes.
    """
    names: dict[str, list[str]] = {}
    for name in sorted(arrays):
        kind, _, rest = name.partition("/")
        part, _, place = rest.partition("/")
        if kind == "rank" and place:
            names.setdefault(part, []).append(place)
    parts = []
    for part, places in names.items():
        found = {place: _images(path, arrays, part, place) for place in places}
        sets = {place.removeprefix("out/"): found[place] for place in places if place.startswith("out/")}
        if "in" not in found or not sets:
            raise MettleError(path, f"the outcomes of {part!r} rank images of both kinds", ", ".join(places))
        parts.append(PooledPart(part, found["in"], sets))
    return parts


def _images(path: Path, arrays: Mapping[str, np.ndarray], part: str, place: str) -> Images:
    ranks = arrays[f"rank/{part}/{place}"]
    units = arrays.get(f"unit/{part}/{place}", arrays.get(f"unit/{place}"))
    for what, array in ((f"rank/{part}/{place}", ranks), (f"unit/{part}/{place}", units)):
        if array is None:
            raise MettleError(path, "ranks say which images they are of", f"no outcomes {what!r}")
        if array.ndim != 1 or not array.size or array.dtype.kind != "u" or array.shape != ranks.shape:
            shape = f"{array.dtype.name} {list(array.shape)}"
            raise MettleError(path, f"the outcomes {what!r} are one unsigned whole number an image", shape)
    assert units is not None
    if int(units.max()) >= MOST_UNITS:
        raise MettleError(path, f"image numbers are below {MOST_UNITS:,}", f"{units.max()}")
    return Images(ranks.astype(np.int64), units.astype(np.int64))


def pseudo_values(parts: Sequence[PooledPart]) -> np.ndarray:
    """float64 (units,): each base image's share of the mean over parts of the mean AUROC over the part's sets."""
    blocks = [images for part in parts for images in (part.inside, *part.outside.values())]
    units = 1 + max(int(images.units.max()) for images in blocks)
    return auroc_pseudo_values(
        [
            Part(
                part.inside.ranks, part.inside.units, [(images.ranks, images.units) for images in part.outside.values()]
            )
            for part in parts
        ],
        units,
    )


def percentiles(parts: Sequence[PooledPart]) -> np.ndarray:
    """float64: for every image of every part the share of the part's images that score lower; ties count half."""
    shares = []
    for part in parts:
        ranks = np.concatenate([part.inside.ranks, *(images.ranks for images in part.outside.values())])
        _, places, counts = np.unique(ranks, return_inverse=True, return_counts=True)
        below = np.cumsum(counts) - counts
        shares.append((below + counts / 2)[places] / ranks.size)
    return np.concatenate(shares)
