"""Data sets that a Python package carries: scikit-learn's digits, with a split of our own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from benchmark.data.manifest import Manifest
from benchmark.data.sources.offer import Arrays, Offer, UnavailableError

INSTALL = "pip install scikit-learn"
_TEST_IMAGES_A_CLASS = 36
_LARGEST_VALUE = 16


def offers(manifest: Manifest, part: str) -> Iterator[Offer]:
    """The digits of scikit-learn. Raises UnavailableError where scikit-learn is not installed."""
    if manifest.embedded != "scikit-learn digits":
        return
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise UnavailableError(f"scikit-learn is not installed ({INSTALL})") from error

    def read(_progress: bool) -> Arrays:
        digits = load_digits()
        chosen = split(digits.target)[part]
        # 0 to 16 becomes 0 to 255, rounded to the nearest level.
        levels = (digits.images.astype(np.int64) * 255 + _LARGEST_VALUE // 2) // _LARGEST_VALUE
        return levels[chosen, :, :, None].astype(np.uint8), digits.target[chosen].astype(np.int64)

    yield Offer("scikit-learn", (), read)


def split(labels: np.ndarray) -> dict[str, np.ndarray]:
    """The positions of the parts train and test, ascending: 36 images of each class, chosen by hash, are the test.

    The choice ranks a class by the sha256 of each image's position, so it needs no random generator and is the
    same everywhere.
    """
    test: list[int] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).tolist()
        members.sort(key=lambda position: hashlib.sha256(f"digits split {position}".encode()).digest())
        test += members[:_TEST_IMAGES_A_CLASS]
    everything = np.arange(len(labels))
    return {"train": np.setdiff1d(everything, test), "test": np.array(sorted(test), np.int64)}
