"""Corruptions that look values up: brightness, contrast, saturation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from benchmark.corruptions.corruption import Corruption, settings
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Floats, Pixels, in_rows, spread, to_pixels


@lru_cache(maxsize=32)
def _brightened(amount: float) -> Pixels:
    """The value x of a pixel whose largest value is v, after v grew by 255 * amount: uint8 at 256 v + x."""
    largest = np.arange(256.0)[:, None]
    grown = np.clip(largest + 255.0 * amount, 0.0, 255.0)
    levels = np.arange(256.0) * (grown / np.maximum(largest, 1.0))
    levels[0] = grown[0]
    return to_pixels(levels).reshape(-1)


def _largest_and_value(images: Pixels) -> npt.NDArray[np.intp]:
    """256 times the largest value of the pixel, plus the value: intp (N, H, W*C)."""
    largest = np.maximum(np.maximum(images[..., 0], images[..., 1]), images[..., 2]).astype(np.intp)
    places = np.repeat(largest << 8, 3, axis=2)
    places += in_rows(images)
    return places


def brightness(images: Pixels, draws: Draws, *, amount: float) -> Pixels:
    """Value of the HSV colour plus `amount` (of 1), hue and saturation kept; black turns grey.

    On one channel the amount is added to the value. images: uint8 (N, H, W, C).
    """
    table = _brightened(float(amount))
    if images.shape[3] == 1:
        return table[:: 256 + 1].take(images)
    places = draws.once("largest and value", lambda: _largest_and_value(images))
    return table.take(places).reshape(images.shape)


def contrast(images: Pixels, draws: Draws, *, factor: float) -> Pixels:
    """Distance of each value from the image's mean in its channel, times `factor`. images: uint8 (N, H, W, C)."""
    height, width = images.shape[1:3]
    lines = in_rows(images)
    means = draws.once("means", lambda: images.sum(axis=(1, 2), dtype=np.int64) / (height * width))
    levels = lines * factor
    levels += np.tile((1.0 - factor) * means, (1, width))[:, None, :]
    return to_pixels(levels).reshape(images.shape)


@lru_cache(maxsize=32)
def _saturation_gain(scale: float, shift: float) -> Floats:
    """New over old saturation, by 256 times the largest plus the smallest value: float64 (65536,); 1 for grey."""
    largest, smallest = np.arange(256.0)[:, None], np.arange(256.0)
    old = np.where(smallest < largest, largest - smallest, 1.0) / np.maximum(largest, 1.0)
    gain = np.clip(old * scale + shift, 0.0, 1.0) / old
    return np.where(smallest < largest, gain, 1.0).reshape(-1)


def saturate(images: Pixels, draws: Draws, *, scale: float, shift: float) -> Pixels:
    """Saturation of the HSV colour times `scale` plus `shift`, hue and value kept.

    Grey has no hue and stays grey (through red's place in HSV the published generator tints it red). One
    channel has no colour; there the value itself grows, x (scale + shift), and clips, as on a film that is
    full. images: uint8 (N, H, W, C).
    """
    if images.shape[3] == 1:
        return to_pixels(np.arange(256.0) * (scale + shift)).take(images)
    places, top, below = draws.once("extremes", lambda: _extremes(images))
    levels = below * spread(_saturation_gain(float(scale), float(shift)).take(places), 3)
    np.subtract(top, levels, out=levels)
    return to_pixels(levels).reshape(images.shape)


def _extremes(images: Pixels) -> tuple[npt.NDArray[np.intp], Floats, Floats]:
    """256 times the largest plus the smallest value, (N, H, W); the largest, and what each value lacks, (N, H, 3 W)."""
    red, green, blue = (images[..., channel] for channel in range(3))
    largest = np.maximum(np.maximum(red, green), blue)
    smallest = np.minimum(np.minimum(red, green), blue)
    top = np.repeat(largest, 3, axis=2)
    below = (top - in_rows(images)).astype(np.float64)
    return (largest.astype(np.intp) << 8) + smallest, top.astype(np.float64), below


COLOUR = (
    Corruption(
        "brightness",
        "weather",
        brightness,
        lambda strength: {"amount": 0.9 * strength},
        settings(amount=(0.05, 0.10, 0.15, 0.20, 0.30)),
        "More light: the value of every colour raised.",
    ),
    Corruption(
        "contrast",
        "digital",
        contrast,
        lambda strength: {"factor": (1.0 - strength) ** 1.5 + 0.02 * strength},
        settings(factor=(0.75, 0.5, 0.4, 0.3, 0.15)),
        "Values drawn towards the mean of their channel.",
    ),
    Corruption(
        "saturate",
        "digital",
        saturate,
        lambda strength: {"scale": 1.0 + 24.0 * strength**2, "shift": 0.5 * strength},
        settings(scale=(0.3, 0.1, 1.5, 2.0, 2.5), shift=(0.0, 0.0, 0.0, 0.1, 0.2)),
        "Saturation of colours raised; on one channel, values raised until they clip.",
    ),
)
