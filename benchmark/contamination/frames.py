"""Frames that were laid over a picture: what they hide is guessed from the rest, and not compared.

A frame of one tone shifts every correlation, and its edge is the strongest line of the picture: with it, no test
picture comes near. Honest pictures with an even border hardly ever leave it all at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.contamination.pictures import NOISE_FLOOR, Pictures

WIDEST_PX = 4
_SAME, _SAME_SHARE = 0.05, 0.95
"""A ring belongs to the frame where this share of its pixels is off its tone by at most this share of the range."""
_OTHER, _OTHER_SHARE = 0.1, 0.75
"""The frame ends at a ring where this share of the pixels is further from the tone than this share of the range."""


class FrameFilling:
    """Guesses what frames hide by linear regression over test pictures, float32 (M, h, w), M at least 1."""

    def __init__(self, tests: Pictures) -> None:
        self._tests = tests
        self._regressions: dict[int, NDArray[np.float32]] = {}

    def fill(self, submitted: Pictures) -> tuple[Pictures, NDArray[np.bool_]]:
        """Pictures with what frames hide guessed, float32 (n, h, w), and which pixels are their own: bool (n, h w)."""
        height, width = submitted.shape[1:]
        widths = frame_widths(submitted)
        filled = submitted.reshape(len(submitted), -1).copy()
        shown = depths(height, width).ravel() >= widths[:, None]
        for frame_px in np.unique(widths[widths > 0]).tolist():
            rows = np.flatnonzero(widths == frame_px)
            own = shown[rows[0]]
            values = filled[np.ix_(rows, own)]
            means = values.mean(axis=1, keepdims=True)
            filled[np.ix_(rows, ~own)] = means + (values - means) @ self._regression(frame_px, own)
        return filled.reshape(submitted.shape), shown

    def _regression(self, frame_px: int, own: NDArray[np.bool_]) -> NDArray[np.float32]:
        """From pixels within a frame to those under it, both less the mean of the former: (shown, hidden)."""
        if frame_px not in self._regressions:
            vectors = self._tests.reshape(len(self._tests), -1)
            vectors = vectors - vectors[:, own].mean(axis=1, keepdims=True)
            moments = (vectors.T @ vectors / len(vectors)).astype(np.float64)
            within = moments[np.ix_(own, own)]
            floor = NOISE_FLOOR * float(np.trace(within)) or 1.0
            found = np.linalg.solve(within + floor * np.eye(len(within)), moments[np.ix_(own, ~own)])
            self._regressions[frame_px] = found.astype(np.float32)
        return self._regressions[frame_px]


def frame_widths(stack: Pictures) -> NDArray[np.int64]:
    """The width in pixels of the frame of each picture, 0 without one, at most `WIDEST_PX`: int64 (n,).

    A frame has one tone on all sides, the median of the outermost pixels, and ends all around at once; a quarter of the
    picture's side at most.
    """
    height, width = stack.shape[1:]
    vectors = stack.reshape(len(stack), -1)
    depth = depths(height, width).ravel()
    off = np.abs(vectors - np.median(vectors[:, depth == 0], axis=1, keepdims=True))
    ranges = np.ptp(vectors, axis=1, keepdims=True)
    widths = np.zeros(len(stack), dtype=np.int64)
    still_framed = np.ones(len(stack), dtype=np.bool_)
    for ring in range(min(WIDEST_PX, min(height, width) // 4) + 1):
        there = off[:, depth == ring]
        ends = (there > _OTHER * ranges).mean(axis=1) >= _OTHER_SHARE
        widths[still_framed & ends] = ring
        still_framed &= (there <= _SAME * ranges).mean(axis=1) >= _SAME_SHARE
    return widths


def depths(height: int, width: int) -> NDArray[np.int64]:
    """How many pixels each pixel is away from the border, 0 on it: int64 (height, width)."""
    down, right = np.arange(height), np.arange(width)
    return np.minimum(np.minimum(down, down[::-1])[:, None], np.minimum(right, right[::-1]))
