"""Weather: snow, frost, fog, spatter."""

from __future__ import annotations

import numpy as np

from benchmark.corruptions.corruption import Corruption, settings
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.frost_texture import frost_window
from benchmark.corruptions.linear import gaussian, gaussian_rows
from benchmark.corruptions.pixels import Floats, Pixels, in_rows, length_scale, luma, spread, to_pixels
from benchmark.corruptions.plasma import plasma
from benchmark.corruptions.sampling import sample_levels
from benchmark.corruptions.trails import trail

_WATER = np.array([175.0, 238.0, 238.0])
_MUD = np.array([63.0, 42.0, 20.0])
_ICE = np.array([0.94, 1.0, 1.06])  # ice is a little blue


def fog(images: Pixels, draws: Draws, *, amount: float, decay: float) -> Pixels:
    """A plasma fractal times `amount` (of 1) added, then scaled back to the image's own maximum.

    decay: how fast the fractal's detail fades, see `plasma`. images: uint8 (N, H, W, C).
    """
    count, height, width, channels = images.shape
    lines = in_rows(images)
    key = ("fog", decay)
    cloud = draws.once(key, lambda: spread(plasma(draws, "fog", height, width, decay), channels))
    most = draws.once("most", lambda: lines.reshape(count, -1).max(axis=1).astype(np.float64))
    levels = cloud * (255.0 * amount)
    levels += lines
    levels *= (most / np.maximum(most + 255.0 * amount, 1.0))[:, None, None]
    return to_pixels(levels).reshape(images.shape)


def frost(images: Pixels, draws: Draws, *, image_weight: float, frost_weight: float) -> Pixels:
    """The image seen through ice: image_weight x + frost_weight ice; the ice is procedural, see frost_texture.py.

    images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]

    def ice() -> Floats:
        window = spread(frost_window(draws, height, width, length_scale(images)), channels)
        return window if channels == 1 else window * np.tile(_ICE, width)

    levels = draws.once("ice", ice) * frost_weight
    levels += in_rows(images) * image_weight
    return to_pixels(levels).reshape(images.shape)


def snow(
    images: Pixels,
    draws: Draws,
    *,
    loc: float,
    scale: float,
    zoom: float,
    threshold: float,
    radius: float,
    sigma: float,
    mix: float,
) -> Pixels:
    """Falling flakes over a whitened image.

    Normal noise (loc, scale) is enlarged by `zoom`, cut to what is above `threshold`, and smeared (radius,
    sigma) within 45 degrees of the vertical; the layer and its half turn are added to mix x + (1 - mix) times
    the larger of x and 1.5 luma + 0.5. Lengths at 32 pixels. images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]
    unit = length_scale(images)
    noise = draws.once(("flakes", zoom), lambda: _enlarged_noise(draws, height, width, zoom * unit))
    flakes = loc + scale * noise
    flakes[flakes < threshold] = 0.0
    # Down the columns is along the rows of the transpose.
    layer = to_pixels(255.0 * flakes).transpose(0, 2, 1)[..., None]
    slopes = np.tan(draws.between("wind", -np.pi / 4, np.pi / 4))
    smeared = trail(np.ascontiguousarray(layer), slopes, sigma * unit, radius * unit)
    fallen = smeared[..., 0].transpose(0, 2, 1).astype(np.float64)
    fallen += fallen[:, ::-1, ::-1].copy()
    lines = in_rows(images)
    white = draws.once("white", lambda: np.maximum(lines, spread(1.5 * luma(images) + 127.5, channels)))
    levels = lines * mix
    levels += white * (1.0 - mix)
    levels += spread(fallen, channels)
    return to_pixels(levels).reshape(images.shape)


def _enlarged_noise(draws: Draws, height: int, width: int, zoom: float) -> Floats:
    """Standard normal noise, its middle enlarged by `zoom` (at least 1), bilinear: float64 (N, H, W)."""
    noise = draws.normal("flakes", (height, width))
    zoom = max(zoom, 1.0)
    rows = (height - 1) / 2.0 + (np.arange(height) - (height - 1) / 2.0) / zoom
    columns = (width - 1) / 2.0 + (np.arange(width) - (width - 1) / 2.0) / zoom
    return sample_levels(noise, rows, columns)


def spatter(
    images: Pixels,
    draws: Draws,
    *,
    loc: float,
    scale: float,
    sigma: float,
    threshold: float,
    opacity: float,
    mud: float,
) -> Pixels:
    """Drops on the lens, where smooth noise rises above `threshold`: of water (mud 0) or of mud (mud 1).

    The noise is loc + scale times normal noise smoothed by sigma (at 32 pixels, above 0); a drop reaches its full
    `opacity` a fifth of `scale` above the threshold. Our own simpler drops: the published water also has bright
    and dark rims. images: uint8 (N, H, W, C).
    """
    height, width, channels = images.shape[1:]
    unit = length_scale(images)
    smooth = draws.once(("drops", sigma), lambda: _smooth_normal(draws, height, width, sigma * unit))
    # What white noise at 32 pixels keeps under this blur.
    smooth = smooth / (2.0 * np.sqrt(np.pi) * sigma)
    cover = np.clip((loc + scale * smooth - threshold) / (0.2 * scale), 0.0, 1.0) * opacity
    colour = (1.0 - mud) * _WATER + mud * _MUD
    paint = np.array([colour @ (0.299, 0.587, 0.114)]) if channels == 1 else colour
    cover = spread(cover, channels)
    lines = in_rows(images)
    return to_pixels(lines + cover * (np.tile(paint, width) - lines)).reshape(images.shape)


def _smooth_normal(draws: Draws, height: int, width: int, sigma: float) -> Floats:
    """Normal noise smoothed by a Gaussian of sigma pixels, of deviation 1 everywhere, float64 (N, H, W)."""
    # Multiples of 2**-10 keep the smoothing exact.
    noise = np.rint(draws.normal("drops", (height, width)) * 1024.0)
    down, right = (np.sqrt((gaussian_rows(length, sigma) ** 2).sum(axis=1)) for length in (height, width))
    return gaussian(noise[..., None], sigma)[..., 0] / (1024.0 * down[:, None] * right)


WEATHER = (
    Corruption(
        "snow",
        "weather",
        snow,
        lambda strength: {
            "loc": -0.75 + 1.26 * strength**0.5,
            "scale": 0.3,
            "zoom": 1.5,
            "threshold": 0.6,
            "radius": 10.0,
            "sigma": 4.0,
            "mix": 1.0 - 0.35 * strength,
        },
        settings(
            loc=(0.1, 0.1, 0.15, 0.25, 0.3),
            scale=(0.2, 0.2, 0.3, 0.3, 0.3),
            zoom=(1.0, 1.0, 1.75, 2.25, 1.25),
            threshold=(0.6, 0.5, 0.55, 0.6, 0.65),
            radius=(8.0, 10.0, 10.0, 12.0, 14.0),
            sigma=(3.0, 4.0, 4.0, 6.0, 12.0),
            mix=(0.95, 0.9, 0.9, 0.85, 0.8),
        ),
        "Streaks of falling snow over a whitened scene.",
    ),
    Corruption(
        "frost",
        "weather",
        frost,
        lambda strength: {"image_weight": 1.0 - 0.55 * strength, "frost_weight": 0.9 * strength},
        settings(image_weight=(1.0, 1.0, 0.9, 0.85, 0.75), frost_weight=(0.2, 0.3, 0.4, 0.4, 0.45)),
        "Ice crystals on the lens.",
    ),
    Corruption(
        "fog",
        "weather",
        fog,
        lambda strength: {"amount": 4.0 * strength**2, "decay": 1.75},
        settings(amount=(0.2, 0.5, 0.75, 1.0, 1.5), decay=(3.0, 3.0, 2.5, 2.0, 1.75)),
        "Drifting fog from a plasma fractal.",
    ),
    Corruption(
        "spatter",
        "weather",
        spatter,
        lambda strength: {
            "loc": 0.65,
            "scale": 0.3,
            "sigma": 1.2,
            "threshold": 0.96 - 0.35 * strength**0.5,
            "opacity": min(1.0, 3.0 * strength),
            "mud": 0.0,
        },
        settings(
            loc=(0.62, 0.65, 0.65, 0.65, 0.65),
            scale=(0.1, 0.1, 0.3, 0.1, 0.1),
            sigma=(0.7, 0.8, 1.0, 0.7, 0.5),
            threshold=(0.7, 0.7, 0.69, 0.69, 0.68),
            opacity=(0.5, 0.5, 0.5, 0.6, 0.6),
            mud=(0.0, 0.0, 0.0, 1.0, 1.0),
        ),
        "Drops of water or mud on the lens.",
        version=2,
    ),
)
