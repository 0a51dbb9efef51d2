"""Order statistics that detectors share: a percentile of many values, and the largest values of every row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def percentile_of(values: NDArray[np.floating], percentile: float) -> float:
    """The percentile, 0 to 100, of all values; between two of them by linear interpolation, in float64.

    numpy's `percentile` with its default method, which for float32 values interpolates in float32.
    """
    place = percentile / 100 * (values.size - 1)
    low = int(np.floor(place))
    high = min(low + 1, values.size - 1)
    parted = np.partition(values, (low, high), axis=None)
    return float(parted[low]) + (place - low) * (float(parted[high]) - float(parted[low]))


def largest_of_each_row(values: Floats, count: int) -> NDArray[np.bool_]:
    """Which values are among the `count` largest of their row: bool like `values`, exactly `count` True a row.

    values: (n, D). count: 1 to D. Among equal values the first are taken.
    """
    threshold = np.partition(values, values.shape[1] - count, axis=1)[:, values.shape[1] - count, None]
    above = values > threshold
    level = values == threshold
    room = count - above.sum(axis=1, keepdims=True)
    return np.asarray(above | (level & (level.cumsum(axis=1) <= room)))
