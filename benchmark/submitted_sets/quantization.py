"""Images on 256 levels a channel, between bounds that are stored beside them: nothing is cut off.

A distilled image is the result of an optimization and need not stay between black and white, so the bounds of each
channel are those of its values, not 0 and 1. Half a level, (high - low) / 510, is the largest error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVELS = 255
MAX_PIXEL = 1000.0
"""Bounds lie within this many times the distance from black to white."""


@dataclass(frozen=True)
class Quantized:
    """codes: uint8 (N, C, H, W). bounds: float32 (C, 2), low and high of each channel in pixel units."""

    codes: np.ndarray
    bounds: np.ndarray

    @property
    def largest_rounding_error(self) -> float:
        """The most a value can have moved, in pixel units (0 black, 1 white): half a level, and float32's rounding."""
        low, high = self.bounds.astype(np.float64).T
        float32_rounding = np.abs(self.bounds).max() * np.finfo(np.float32).eps
        return float((high - low).max() / (2 * LEVELS) + float32_rounding)


def quantize(images: np.ndarray) -> Quantized:
    """The nearest of 256 levels between the lowest and highest value of each channel.

    images: float (N, H, W, C) in pixel units, N at least 1, finite. Raises ValueError for NaN, infinity, values beyond
    `MAX_PIXEL` and no images at all.
    """
    if images.ndim != 4 or images.size == 0:
        raise ValueError(f"images are (N, H, W, C), and there is at least one; got shape {images.shape}")
    if not np.isfinite(images).all() or np.abs(images).max() > MAX_PIXEL:
        raise ValueError(f"pixels are finite numbers between -{MAX_PIXEL:g} and {MAX_PIXEL:g}")
    values = images.astype(np.float32)
    bounds = np.stack([values.min(axis=(0, 1, 2)), values.max(axis=(0, 1, 2))], axis=1)
    low, high = bounds.astype(np.float64).T
    step = np.where(high > low, (high - low) / LEVELS, 1.0)  # a channel of one value has level 0 only
    codes = np.rint((values.astype(np.float64) - low) / step)
    return Quantized(np.ascontiguousarray(codes.astype(np.uint8).transpose(0, 3, 1, 2)), bounds)


def dequantize(codes: np.ndarray, bounds: np.ndarray | None = None) -> np.ndarray:
    """The values of the levels: float32 (N, H, W, C) in pixel units, equal on every machine.

    codes: uint8 (N, C, H, W). bounds: float32 (C, 2), low at most high; 0 and 1 where not given.
    """
    channels = codes.shape[1]
    if bounds is None:
        bounds = np.tile(np.array([0, 1], np.float32), (channels, 1))
    low, high = bounds.astype(np.float64).T
    table = (low[:, None] + np.arange(LEVELS + 1) * (high - low)[:, None] / LEVELS).astype(np.float32)
    table[:, LEVELS] = high  # whatever the sum above rounds to
    by_channel = [table[channel][codes[:, channel]] for channel in range(channels)]
    return np.stack(by_channel, axis=-1)
