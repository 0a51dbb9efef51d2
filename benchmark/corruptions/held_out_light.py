"""Held-out corruptions of light and value: waves, noises of other colours, sparkles, lines, cut-outs, quantization.

In the manner of CIFAR-10-C-bar (Mintun, Kirillov and Xie 2021), whose idea is a set far from the standard
corruptions; generators and parameters are ours.
"""

from __future__ import annotations

import numpy as np

from benchmark.corruptions.corruption import Corruption
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Floats, Pixels, in_rows, length_scale, spread, to_pixels
from benchmark.corruptions.plasma import plasma

_MOST_SPARKLES = 24
_MOST_LINES = 24
_PRODUCT_BITS = 20


def blue_noise(images: Pixels, draws: Draws, *, sigma: float) -> Pixels:
    """Noise without low frequencies, the same in all channels; standard deviation sigma (of 1).

    It is the discrete Laplacian of white normal noise, whose power grows with the fourth power of frequency.
    images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]

    def make() -> Floats:
        white = draws.normal("white", (height, width))
        around = sum(np.roll(white, step, axis) for step in (1, -1) for axis in (1, 2))
        return spread((4.0 * white - around) / np.sqrt(20.0), channels)

    levels = draws.once("blue", make) * (255.0 * sigma)
    levels += in_rows(images)
    return to_pixels(levels).reshape(images.shape)


def plasma_noise(images: Pixels, draws: Draws, *, amount: float) -> Pixels:
    """Clouds of colour: an own plasma fractal about its mean for each channel, times `amount` (of 1).

    images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]

    def make() -> Floats:
        clouds = [plasma(draws, f"cloud {channel}", height, width, 1.5) for channel in range(channels)]
        clouds = [cloud - cloud.mean(axis=(1, 2), keepdims=True) for cloud in clouds]
        return np.stack(clouds, axis=3).reshape(len(images), height, width * channels)

    levels = draws.once("clouds", make) * (255.0 * amount)
    levels += in_rows(images)
    return to_pixels(levels).reshape(images.shape)


def checkerboard_cutout(images: Pixels, draws: Draws, *, fill: float) -> Pixels:
    """Grey squares in every second cell of a board with a random place; their side is `fill` cells.

    Cells are 8 pixels wide at 32. From fill 1 on the squares are the full black half of the board, and at 2
    nothing is left. Borders of squares are anti-aliased. images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]
    cell = 8.0 * length_scale(images)
    offset = 2.0 * cell * draws.uniform("offset", (2,))

    def covered(length: int, axis: int, shift: float) -> Floats:
        """The share of each pixel inside the strips about the cells' centres: float64 (N, length)."""
        at = np.arange(length) + offset[:, axis, None] + shift
        away = np.abs((at + cell) % (2.0 * cell) - cell)
        return np.clip(0.5 * fill * cell + 0.5 - away, 0.0, min(1.0, fill * cell))

    cover = np.zeros((len(images), height, width))
    for shift in (0.0, cell):
        square = covered(height, 0, shift)[:, :, None] * covered(width, 1, shift)[:, None, :]
        cover = np.maximum(cover, square)
    levels = in_rows(images).astype(np.float64)
    levels += spread(cover, channels) * (127.5 - levels)
    return to_pixels(levels).reshape(images.shape)


def sparkles(images: Pixels, draws: Draws, *, count: float, size: float) -> Pixels:
    """Stars of light, with a round glow and four rays, added at random places.

    count: how many, up to 24; a fraction is the brightness of the last. size: length of the rays at 32
    pixels. images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]
    length = max(size * length_scale(images), 1e-6)
    places = draws.uniform("place", (_MOST_SPARKLES, 2)) * np.array([height, width]) - 0.5
    shine = np.clip(count - np.arange(_MOST_SPARKLES), 0.0, 1.0) * (
        0.6 + 0.4 * draws.uniform("shine", (_MOST_SPARKLES,))
    )
    down = np.abs(np.arange(height) - places[:, :, :1])
    right = np.abs(np.arange(width) - places[:, :, 1:])
    light = np.zeros((len(images), height, width))
    # A glow and two crossed rays, each the product of a profile down and a profile across.
    for narrow, wide in ((0.6, 0.6), (1.0, 0.12), (0.12, 1.0)):
        light += _outer_sums(shine[..., None] * _profile(down / (narrow * length)), _profile(right / (wide * length)))
    levels = spread(255.0 * np.minimum(light, 1.0), channels) + in_rows(images)
    return to_pixels(levels).reshape(images.shape)


def _profile(distance: Floats) -> Floats:
    return np.exp(-0.5 * distance**2)


def _outer_sums(down: Floats, right: Floats) -> Floats:
    """Sums of outer products, float64 (N, H, W), of profiles (N, K, H) and (N, K, W) up to 1; exact after rounding."""
    unit = 2.0**_PRODUCT_BITS
    return (np.rint(down * unit).transpose(0, 2, 1) @ np.rint(right * unit)) / unit**2


def single_frequency_wave(images: Pixels, draws: Draws, *, amplitude: float) -> Pixels:
    """A sine grating added to all channels; direction, phase and wavelength (3 to 12 pixels at 32) are drawn.

    amplitude: of 1. images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]

    def make() -> Floats:
        angle, phase = (draws.between(what, 0.0, 2.0 * np.pi) for what in ("angle", "phase"))
        waves_per_px = 1.0 / (3.0 * 4.0 ** draws.uniform("wavelength") * length_scale(images))
        down = (2.0 * np.pi * waves_per_px * np.sin(angle))[:, None, None] * np.arange(height)[:, None]
        right = (2.0 * np.pi * waves_per_px * np.cos(angle))[:, None, None] * np.arange(width)
        return spread(np.sin(down + right + phase[:, None, None]), channels)

    levels = draws.once("wave", make) * (255.0 * amplitude)
    levels += in_rows(images)
    return to_pixels(levels).reshape(images.shape)


def lines(images: Pixels, draws: Draws, *, count: float) -> Pixels:
    """Straight lines of random colour across the image, 1.2 pixels wide at 32, one over the other.

    count: how many, up to 24; a fraction is the opacity of the last. images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]
    thickness = 1.2 * length_scale(images)
    angles = draws.between("angle", 0.0, np.pi, (_MOST_LINES,))
    through = draws.uniform("through", (_MOST_LINES, 2)) * np.array([height, width]) - 0.5
    colours = 255.0 * draws.uniform("colour", (_MOST_LINES, 3))[:, :, :channels]
    levels = in_rows(images).astype(np.float64)
    for line in range(min(_MOST_LINES, int(np.ceil(count)))):
        normal = np.cos(angles[:, line])[:, None, None], np.sin(angles[:, line])[:, None, None]
        down = np.arange(height)[:, None] - through[:, line, 0, None, None]
        right = np.arange(width) - through[:, line, 1, None, None]
        distance = np.abs(normal[0] * down + normal[1] * right)
        cover = np.clip(0.5 * thickness + 0.5 - distance, 0.0, 1.0) * min(1.0, count - line)
        paint = np.tile(colours[:, line], (1, width))[:, None, :]
        levels += spread(cover, channels) * (paint - levels)
    return to_pixels(levels).reshape(images.shape)


def quantization(images: Pixels, draws: Draws, *, step: float) -> Pixels:
    """Values rounded to steps of `step` levels, the grid shifted at random for each image and channel.

    At 1 nothing changes; from 255 on a channel keeps at most two values. images: uint8 (N, H, W, C).
    """
    width, channels = images.shape[2:]
    shift = np.tile(draws.uniform("shift", (channels,)), (1, width))[:, None, :] - 0.5
    size = max(step, 1.0)
    # At step 1 the grid is that of the pixels themselves.
    shift = shift * min(1.0, (size - 1.0) / 8.0)
    levels = np.floor(in_rows(images) / size + shift + 0.5)
    levels -= shift
    levels *= size
    return to_pixels(levels).reshape(images.shape)


HELD_OUT_LIGHT = (
    Corruption(
        "blue_noise",
        "held_out",
        blue_noise,
        lambda strength: {"sigma": 0.3 * strength**1.5},
        None,
        "Grey noise of high frequencies only.",
    ),
    Corruption(
        "plasma_noise",
        "held_out",
        plasma_noise,
        lambda strength: {"amount": 4.0 * strength**1.5},
        None,
        "Clouds of colour from plasma fractals.",
    ),
    Corruption(
        "checkerboard_cutout",
        "held_out",
        checkerboard_cutout,
        lambda strength: {"fill": 1.6 * strength},
        None,
        "Grey squares over the cells of a checkerboard.",
    ),
    Corruption(
        "sparkles",
        "held_out",
        sparkles,
        lambda strength: {"count": 24.0 * strength, "size": 1.0 + 3.0 * strength},
        None,
        "Stars of light at random places.",
    ),
    Corruption(
        "single_frequency_wave",
        "held_out",
        single_frequency_wave,
        lambda strength: {"amplitude": 0.7 * strength**1.5},
        None,
        "A sine grating of random direction and wavelength.",
    ),
    Corruption(
        "lines",
        "held_out",
        lines,
        lambda strength: {"count": 20.0 * strength},
        None,
        "Straight lines of random colour across the image.",
    ),
    Corruption(
        "quantization",
        "held_out",
        quantization,
        lambda strength: {"step": 1.0 + 319.0 * strength**2},
        None,
        "Few levels of value, on a random grid.",
    ),
)
