"""Training images that are watched: honest nets do as well on them as on test images, nets taught test images worse."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from benchmark.contamination.copies import exact_copies
from benchmark.data.derived.words import image_words


def watched_positions(labels: NDArray[np.int64], per_class: int, left_out: Collection[int] = ()) -> NDArray[np.int64]:
    """So many positions of each class, drawn at random once and for all: int64 (classes * per_class,), ascending.

    labels: int64 (N,). left_out: positions that are never drawn, for instance images that copies of a data set differ
    in. A class with fewer images has them all.
    """
    positions = np.arange(len(labels))
    drawn = positions[np.argsort(image_words("watched training images", positions, 1)[:, 0], kind="stable")]
    drawn = drawn[~np.isin(drawn, list(left_out))]
    return np.sort(np.concatenate([drawn[labels[drawn] == label][:per_class] for label in np.unique(labels)]))


def watched_among(images: NDArray[np.uint8], watched: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which watched images are among others, as they are or mirrored, since training flips images anyway: bool (W,).

    images: uint8 (N, H, W, C); watched: uint8 (W, H, W, C). Raises ValueError as `exact_copies` does.
    """
    found = np.zeros(len(watched), bool)
    found[[copy.test_row for copy in exact_copies(images, watched)]] = True
    return found
