"""A verified part of a data set, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmark.data.manifest import Manifest

Copy = Literal["official", "mirror copy"]


@dataclass(frozen=True)
class Dataset:
    """Images and labels of one part, in official order, checked against the manifest.

    images: uint8 (N, H, W, C), C is 1 or 3. labels: int64 (N,). exact: bool (N,), False where this copy's image
    is an approximation of the official one (only in a "mirror copy"). source: the way that worked.
    pixels_sha256: hash of all pixels of this copy, approximations included.
    """

    name: str
    part: str
    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    exact: np.ndarray
    source: str
    copy: Copy
    pixels_sha256: str
    manifest: Manifest

    def __len__(self) -> int:
        return len(self.labels)
