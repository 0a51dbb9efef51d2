"""Submitted images that are test images but for a little: one pixel by half the range, faint noise, less contrast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.contamination.bank import ROWS_AT_ONCE
from benchmark.contamination.pictures import check_both
from benchmark.documents.measured.contamination_figures import SAME_WITHIN_LEVELS

_ROUNDING = 1e-5 * 255**2
"""Squared levels by which products in float32 may be off; what comes so near is computed again in whole numbers."""


def nearly_equal_pairs(images: np.ndarray, test_images: np.ndarray) -> list[tuple[int, int]]:
    """Every row and test row of the same image but for a little, mirrored or not, rising.

    images: uint8 (N, H, W, C), test_images: uint8 (M, H, W, C), of one size; images with other channels are never the
    same. The root mean square of the differences is at most SAME_WITHIN_LEVELS, and at most half the standard deviation
    of the test image's levels: any blank image is a whole one away, and near every faint image. Every pair is compared.
    Raises ValueError for other arrays.
    """
    check_both(images, test_images)
    if 0 in (len(images), len(test_images)) or images.shape[3] != test_images.shape[3]:
        return []
    tests = test_images.reshape(len(test_images), -1)
    as_floats = tests.astype(np.float32)
    most = np.minimum(SAME_WITHIN_LEVELS, tests.std(axis=1, dtype=np.float64) / 2) ** 2
    found: set[tuple[int, int]] = set()
    for start in range(0, len(images), ROWS_AT_ONCE):
        block = images[start : start + ROWS_AT_ONCE]
        for side in (block, block[:, :, ::-1]):
            mine = side.reshape(len(side), -1)
            roughly = mean_squares(mine.astype(np.float32), as_floats)
            for row, test_row in np.argwhere(roughly <= most + _ROUNDING).tolist():
                apart = np.square(mine[row].astype(np.int64) - tests[test_row]).mean()
                if apart <= most[test_row]:
                    found.add((start + row, test_row))
    return sorted(found)


def mean_squares(mine: NDArray[np.float32], theirs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean squared difference of every pair of rows (n, v) and (m, v): float32 (n, m), off by rounding, below 0 too."""
    squares = [np.einsum("nv,nv->n", rows, rows) for rows in (mine, theirs)]
    return np.asarray((squares[0][:, None] + squares[1] - 2 * (mine @ theirs.T)) / mine.shape[1])
