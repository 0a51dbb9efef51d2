"""Attributes of a grey picture of one object on black, as whole numbers, and groups by their quintiles in a class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

BACKGROUND = 25
"""The brightest grey level that still counts as background; brighter pixels are the object's silhouette."""
LEVELS = 5

_FRACTION = 1 << 16  # of a grey level, so that means of different pictures hardly ever tie
_IMAGES_AT_ONCE = 1000

Attribute = Callable[[NDArray[np.int32]], NDArray[np.int64]]


def _area(grey: NDArray[np.int32]) -> NDArray[np.int64]:
    return _total(grey > BACKGROUND)


def _brightness(grey: NDArray[np.int32]) -> NDArray[np.int64]:
    inside = grey > BACKGROUND
    return np.asarray(_total(grey * inside) * _FRACTION // np.maximum(_total(inside), 1))


def _contrast(grey: NDArray[np.int32]) -> NDArray[np.int64]:
    """The variance, whose order is that of the standard deviation and which needs no root."""
    inside = grey > BACKGROUND
    count = np.maximum(_total(inside), 1)
    total, squares = _total(grey * inside), _total(grey**2 * inside)
    return np.asarray((count * squares - total**2) * _FRACTION // count**2)


def _texture(grey: NDArray[np.int32]) -> NDArray[np.int64]:
    """The mean absolute step between neighbours, right and down, that both lie in the silhouette."""
    inside = grey > BACKGROUND
    steps = pairs = np.zeros(len(grey), dtype=np.int64)
    for first, second in ((np.s_[:, :, :-1], np.s_[:, :, 1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        both = inside[first] & inside[second]
        steps = steps + _total(np.abs(grey[first] - grey[second]) * both)
        pairs = pairs + _total(both)
    return np.asarray(steps * _FRACTION // np.maximum(pairs, 1))


def _total(values: NDArray[np.int32] | NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.asarray(values.sum(axis=(1, 2), dtype=np.int64))


ATTRIBUTES: dict[str, Attribute] = {
    "area": _area,
    "brightness": _brightness,
    "contrast": _contrast,
    "texture": _texture,
}
"""Attribute to what it measures, from grey levels int32 (N, H, W); 0 for a picture without a silhouette."""


def attribute_values(images: NDArray[np.uint8], attribute: str) -> NDArray[np.int64]:
    """An attribute of each picture: int64 (N,), in units of its own that only order pictures; higher is more.

    `images`: uint8 (N, H, W, 1). All arithmetic is on whole numbers, so the values are the same everywhere. Raises
    ValueError for pictures of another shape or dtype, and KeyError for an unknown attribute.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 1:
        raise ValueError(f"images: uint8 (N, H, W, 1), but got {images.dtype} {images.shape}")
    measure = ATTRIBUTES[attribute]
    blocks = [
        measure(images[start : start + _IMAGES_AT_ONCE, :, :, 0].astype(np.int32))
        for start in range(0, len(images), _IMAGES_AT_ONCE)
    ]
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.int64)


def quintile_thresholds(values: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """The four values in each class that a fifth, two, three and four fifths of its pictures do not exceed.

    int64 (classes, 4), rising or equal within a row. `values`, `labels`: int64 (N,). Raises ValueError for a class
    without a picture.
    """
    thresholds = np.empty((classes, LEVELS - 1), dtype=np.int64)
    for label in range(classes):
        own = np.sort(values[labels == label])
        if not len(own):
            raise ValueError(f"labels: a picture of every class, but got none of class {label}")
        places = [-(-len(own) * fifth // LEVELS) - 1 for fifth in range(1, LEVELS)]
        thresholds[label] = own[places]
    return thresholds


def quintile_groups(
    values: NDArray[np.int64], labels: NDArray[np.int64], thresholds: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The group 0..4 of each picture: how many thresholds of its class its value exceeds; int64 (N,)."""
    return np.asarray((values[:, None] > thresholds[labels]).sum(axis=1), dtype=np.int64)
