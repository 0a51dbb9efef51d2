"""Held-out corruptions of place: ripple, pinch and twirl, chromatic shift.

In the manner of CIFAR-10-C-bar (Mintun, Kirillov and Xie 2021); generators and parameters are ours.
"""

from __future__ import annotations

import numpy as np

from benchmark.corruptions.corruption import Corruption
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Pixels, length_scale
from benchmark.corruptions.sampling import fixed_places, sample, sample_fixed


def ripple(images: Pixels, draws: Draws, *, amplitude: float) -> Pixels:
    """Two crossed sine waves of displacement, as seen through moving water.

    amplitude: largest displacement along an axis; wavelengths of 6 to 16 and phases are drawn. Lengths at 32
    pixels. images: uint8 (N, H, W, C).
    """
    height, width = images.shape[1:3]
    scale = length_scale(images)
    turns = 2.0 * np.pi * draws.uniform("phase", (2,))
    wavelengths = scale * draws.between("wavelength", 6.0, 16.0, (2,))
    across = np.sin(2.0 * np.pi * np.arange(width) / wavelengths[:, :1] + turns[:, :1])
    along = np.sin(2.0 * np.pi * np.arange(height) / wavelengths[:, 1:] + turns[:, 1:])
    rows = np.arange(height)[:, None] + amplitude * scale * across[:, None, :]
    columns = np.arange(width) + amplitude * scale * along[:, :, None]
    return sample(images, rows, columns)


def pinch_and_twirl(images: Pixels, draws: Draws, *, angle: float, pinch: float) -> Pixels:
    """A whirl about a point near the middle, to a random side, that also draws the image in.

    angle: radians of turn at the point, fading with (1 - r)**2 to none at the radius of the shorter side's
    0.7. pinch: from 0 (none) to below 1. images: uint8 (N, H, W, C).
    """
    height, width = images.shape[1:3]
    radius = 0.7 * min(height, width)
    middle = np.array([height - 1.0, width - 1.0]) / 2.0 + radius * draws.between("middle", -0.15, 0.15, (2,))
    side = np.where(draws.uniform("side") < 0.5, -1.0, 1.0)[:, None, None]
    down = np.arange(height)[:, None] - middle[:, 0, None, None]
    right = np.arange(width) - middle[:, 1, None, None]
    fade = np.maximum(1.0 - np.sqrt(down**2 + right**2) / radius, 0.0) ** 2
    turn = side * angle * fade
    stretch = 1.0 + pinch * fade
    rows = middle[:, 0, None, None] + stretch * (np.cos(turn) * down + np.sin(turn) * right)
    columns = middle[:, 1, None, None] + stretch * (np.cos(turn) * right - np.sin(turn) * down)
    return sample(images, rows, columns)


def chromatic_shift(images: Pixels, draws: Draws, *, distance: float) -> Pixels:
    """Red and blue moved apart by `distance` each, in opposite directions along a drawn axis; at 32 pixels.

    On one channel, what a grey film would record of the same light: the mean of the image and its two moved
    copies. images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]
    angle = draws.between("angle", 0.0, 2.0 * np.pi)
    reach = distance * length_scale(images)
    down, right = (reach * np.sin(angle))[:, None, None], (reach * np.cos(angle))[:, None, None]
    moved = []
    for sign, channel in ((1.0, 0), (-1.0, channels - 1)):
        rows = np.broadcast_to(np.arange(height)[:, None] + sign * down, images.shape[:3])
        columns = np.broadcast_to(np.arange(width) + sign * right, images.shape[:3])
        places = fixed_places(rows, height), fixed_places(columns, width)
        moved.append(sample_fixed(images[..., channel : channel + 1], *places)[..., 0])
    first, last = moved
    if channels == 1:
        total = first.astype(np.uint16) + last + images[..., 0]
        return ((2 * total + 3) // 6).astype(np.uint8)[..., None]
    return np.stack([first, images[..., 1], last], axis=3)


HELD_OUT_WARPS = (
    Corruption(
        "ripple",
        "held_out",
        ripple,
        lambda strength: {"amplitude": 5.0 * strength},
        None,
        "Waves of displacement, as through moving water.",
    ),
    Corruption(
        "pinch_and_twirl",
        "held_out",
        pinch_and_twirl,
        lambda strength: {"angle": 5.0 * strength, "pinch": 0.9 * strength},
        None,
        "A whirl that also draws the image in.",
    ),
    Corruption(
        "chromatic_shift",
        "held_out",
        chromatic_shift,
        lambda strength: {"distance": 10.0 * strength},
        None,
        "Red and blue moved apart; on one channel, a triple exposure.",
    ),
)
