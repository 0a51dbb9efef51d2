"""Pictures of nothing, made by rule: far from any class, and the same bytes on every machine.

Integer arithmetic only. Picture i of a kind depends on (kind, seed, i) alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmark.data.derived.words import below, image_words

Pictures = NDArray[np.uint8]
_SLANTS = np.array([(8, 0), (8, 2), (8, 4), (8, 6), (8, 8), (6, 8), (4, 8), (2, 8), (0, 8), (-4, 8), (-8, 8), (-8, 4)])
_BLUR_PASSES = 3  # three box blurs in a row are close to a Gaussian one


def noise(count: int, size: int, seed: int) -> Pictures:
    """Every pixel independent and uniform over 0 to 255: uint8 (count, size, size, 1)."""
    words = image_words(f"noise {seed}", np.arange(count), size * size)
    return (words >> np.uint32(24)).astype(np.uint8).reshape(count, size, size, 1)


def blobs(count: int, size: int, seed: int) -> Pictures:
    """Soft bright shapes on black, some coarse and some fine: uint8 (count, size, size, 1).

    Noise, box-blurred three times with a radius of 1 to 3 pixels, its darker half set to 0 and the rest stretched to
    255; the idea is that of the blob images of Hendrycks et al., arXiv 1812.04606.
    """
    words = image_words(f"blobs {seed}", np.arange(count), size * size + 1)
    radii = 1 + below(words[:, -1], 3)
    levels = (words[:, :-1] >> np.uint32(16)).astype(np.int64).reshape(count, size, size)
    smooth = np.empty_like(levels)
    for radius in (1, 2, 3):
        chosen = levels[radii == radius]
        for _ in range(_BLUR_PASSES):
            chosen = _box_sum(_box_sum(chosen, radius, axis=1), radius, axis=2) // (2 * radius + 1) ** 2
        smooth[radii == radius] = chosen
    in_order = np.sort(smooth.reshape(count, -1), axis=1)
    middle, top = (in_order[:, place][:, None, None] for place in (size * size // 2, -1))
    raised = np.maximum(smooth - middle, 0) * 255 // np.maximum(top - middle, 1)
    return raised.astype(np.uint8)[..., None]


def gratings(count: int, size: int, seed: int) -> Pictures:
    """Two-tone stripes (even positions) and checks (odd ones), any slant and period: uint8 (count, size, size, 1).

    Bars repeat after 3 to 15 pixels along the steeper axis; the two tones are at least 64 levels apart.
    """
    words = image_words(f"gratings {seed}", np.arange(count), 8)
    row, column = np.mgrid[0:size, 0:size]
    period = 3 + below(words[:, 1], 12)
    first = _bars(words, row, column, period)
    # The bars that cross are a pixel wider: of one width, diagonal ones would cancel to plain stripes.
    second = _bars(words, column, -row, period + 1)
    checked = (np.arange(count) % 2 == 1)[:, None, None]
    bright = np.where(checked, first ^ second, first)
    low = below(words[:, 3], 192)
    high = low + 64 + below(words[:, 4], 1 << 16) * (192 - low) // (1 << 16)
    swap = (words[:, 5] & 1).astype(bool)
    tones = np.where(swap[:, None], np.stack([high, low], axis=1), np.stack([low, high], axis=1))
    levels = np.where(bright, tones[:, 1][:, None, None], tones[:, 0][:, None, None])
    return levels.astype(np.uint8)[..., None]


def _bars(
    words: NDArray[np.uint32], row: NDArray[np.int64], column: NDArray[np.int64], period: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Bars of a drawn slant and phase, of the given periods (N,) in pixels: bool (N, H, W)."""
    slant = _SLANTS[below(words[:, 0], len(_SLANTS))]
    length = 8 * period
    phase = below(words[:, 2], 1 << 16) % length
    place = slant[:, 0, None, None] * row + slant[:, 1, None, None] * column + phase[:, None, None]
    return place % length[:, None, None] < length[:, None, None] // 2


def _box_sum(levels: NDArray[np.int64], radius: int, axis: int) -> NDArray[np.int64]:
    """Sums over 2 * radius + 1 pixels along an axis, the edge pixels repeated."""
    padding = [(0, 0)] * levels.ndim
    padding[axis] = (radius + 1, radius)
    sums = np.cumsum(np.pad(levels, padding, mode="edge"), axis=axis)
    width = 2 * radius + 1
    length = levels.shape[axis]
    return np.take(sums, range(width, width + length), axis) - np.take(sums, range(length), axis)


PATTERNS: dict[str, Callable[[int, int, int], Pictures]] = {"noise": noise, "blobs": blobs, "gratings": gratings}
"""The kinds by name: (count, size, seed) to uint8 (count, size, size, 1)."""
