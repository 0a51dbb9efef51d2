"""What a source hands over: files that may be a part of a data set, and how to decode them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.data.idx import read_idx_pair
from benchmark.data.manifest import Manifest
from benchmark.data.parquet import read_parquet

Arrays = tuple[np.ndarray, np.ndarray]


class UnavailableError(Exception):
    """A source cannot help on this machine; the text says why."""


@dataclass(frozen=True)
class Offer:
    """Files of one part from one source; `read(progress)` decodes them to images and labels.

    named_only: the files were found by name alone, so they may belong to another data set of the same family.
    """

    source: str
    files: tuple[Path, ...]
    read: Callable[[bool], Arrays]
    named_only: bool = False

    @property
    def where(self) -> str:
        """The files, for messages."""
        return ", ".join(map(str, self.files)) or self.source


def parquet_offer(source: str, files: Sequence[Path], manifest: Manifest, part: str) -> Offer:
    """An offer of the hub's parquet files."""
    shape, count = manifest.image_shape, manifest.part(part).count
    return Offer(source, tuple(files), lambda progress: read_parquet(files, shape, count, progress))


def idx_offer(source: str, folder: Path, manifest: Manifest, part: str, named_only: bool = False) -> Offer | None:
    """An offer of the images and labels files of a part in one folder, gzipped or unpacked, if both are there."""
    if manifest.idx is None:
        return None
    found = [
        next((path for path in (folder / name, folder / name.removesuffix(".gz")) if path.is_file()), None)
        for name in manifest.idx.files[part]
    ]
    images, labels = found
    if images is None or labels is None:
        return None
    return Offer(source, (images, labels), lambda _: read_idx_pair(images, labels), named_only)
