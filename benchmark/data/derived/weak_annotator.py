"""An annotator who confuses classes the way a weak eye does: ridge regression on coarse pixels, exact everywhere.

The coefficients are solved by elimination in float64 with one multiplication and one subtraction an element, which
IEEE 754 rounds alike on every machine, where a library's solver may add in any order. Scores are whole numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POOLING = 2
"""Pixels along each side that the annotator sees as one."""
PENALTY = 1 << 24
"""Added to the diagonal of the normal equations, in squared sums of grey levels."""
_COEFFICIENT_SCALE = 1 << 32
_ROWS_AT_ONCE = 4096


def second_choices(
    images: NDArray[np.uint8], labels: NDArray[np.int64], taught: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """The class each image would most likely be mistaken for, never its own: int64 (N,).

    images: uint8 (N, H, W, C), H and W even (ValueError otherwise); labels: int64 (N,), the true classes; taught:
    int64 (M,), the images whose true classes the annotator has learnt from. Of equal scores the lower class wins.
    """
    scores = _scores(_coarse(images), labels, taught, classes)
    scores[np.arange(len(labels)), labels] = np.iinfo(np.int64).min
    return np.asarray(scores.argmax(axis=1))


def first_choices(
    images: NDArray[np.uint8], labels: NDArray[np.int64], taught: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """The class the annotator gives each image: int64 (N,); arguments as in `second_choices`.

    labels: only those of the taught images are looked at.
    """
    return np.asarray(_scores(_coarse(images), labels, taught, classes).argmax(axis=1))


def _coarse(images: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Sums over squares of pixels and a constant: int64 (N, features)."""
    count, height, width, channels = images.shape
    if height % POOLING or width % POOLING:
        raise ValueError(f"images: sides that {POOLING} divides, but got {height} x {width}")
    squares = images.reshape(count, height // POOLING, POOLING, width // POOLING, POOLING, channels)
    sums = squares.sum(axis=(2, 4), dtype=np.int64).reshape(count, -1)
    return np.concatenate([sums, np.full((count, 1), 255 * POOLING**2)], axis=1)


def _scores(
    features: NDArray[np.int64], labels: NDArray[np.int64], taught: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Fixed-point scores of every class: int64 (N, classes)."""
    seen = features[taught]
    targets = (labels[taught, None] == np.arange(classes)).astype(np.int64)
    left = (seen.T @ seen + PENALTY * np.eye(seen.shape[1], dtype=np.int64)).astype(np.float64)
    solution = _eliminate(left, (seen.T @ targets).astype(np.float64))
    coefficients = np.rint(solution * _COEFFICIENT_SCALE).astype(np.int64)
    blocks = range(0, len(features), _ROWS_AT_ONCE)
    return np.concatenate([features[start : start + _ROWS_AT_ONCE] @ coefficients for start in blocks])


def _eliminate(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """The solution of left @ x = right by Gauss and Jordan without pivoting; left: symmetric, positive definite."""
    table = np.concatenate([left, right], axis=1)
    for pivot in range(len(left)):
        table[pivot] /= table[pivot, pivot]
        factors = table[:, pivot].copy()
        factors[pivot] = 0.0
        table -= factors[:, None] * table[pivot]
    return table[:, len(left) :]
