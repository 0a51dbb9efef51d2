"""Blurs: defocus, glass, motion, zoom, Gaussian."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.ndimage import gaussian_filter

from benchmark.corruptions.corruption import Corruption, settings
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.linear import (
    VALUE_BITS,
    apply_sparse,
    by_value,
    convolve_large,
    convolve_rings,
    for_channels,
    gaussian,
    is_small,
    ring_sums,
    unit_kernel,
    unit_sparse_rows,
)
from benchmark.corruptions.pixels import Pixels, length_scale, to_pixels
from benchmark.corruptions.trails import trail

_SUBPIXELS = 16
_ZOOM_STEPS = 33


@lru_cache(maxsize=64)
def disk_kernel(radius: float, softness: float) -> npt.NDArray[np.int32]:
    """The image of a point out of focus: a disk's share of every pixel, softened by a Gaussian; int32 units (K, K).

    radius and softness (a standard deviation) in pixels. The share is taken on 16 x 16 points a pixel, so the
    kernel changes continuously with the radius.
    """
    reach = int(np.ceil(radius + 4.0 * softness)) + 1
    side = 2 * reach + 1
    points = (np.arange(side * _SUBPIXELS) + 0.5) / _SUBPIXELS - side / 2.0
    inside = (points[:, None] ** 2 + points**2 <= radius**2).astype(np.float64)
    shares = inside.reshape(side, _SUBPIXELS, side, _SUBPIXELS).mean(axis=(1, 3))
    if not shares.any():
        shares[reach, reach] = 1.0
    return unit_kernel(gaussian_filter(shares, softness, mode="constant", truncate=4.0))


def defocus_blur(images: Pixels, draws: Draws, *, radius: float, softness: float) -> Pixels:
    """Convolution with a soft disk of `radius` (lengths at 32 pixels). images: uint8 (N, H, W, C)."""
    scale = length_scale(images)
    units = disk_kernel(radius * scale, softness * scale)
    if not is_small(units):
        return convolve_large(images, units)
    reach = len(units) // 2
    rings = draws.once(("rings", reach), lambda: ring_sums(images, reach))
    return convolve_rings(rings, units).reshape(images.shape)


def gaussian_blur(images: Pixels, draws: Draws, *, sigma: float) -> Pixels:  # noqa: ARG001
    """Gaussian blur; sigma at 32 pixels. images: uint8 (N, H, W, C)."""
    return to_pixels(gaussian(images, sigma * length_scale(images)))


def glass_blur(images: Pixels, draws: Draws, *, sigma: float, max_delta: float, iterations: float) -> Pixels:
    """Blur, exchange of near-by pixels, blur, as through pebbled glass; lengths at 32 pixels.

    A true exchange: between the blurs the pixels are permuted, none is lost or doubled, and displacement has
    no preferred direction. (The published generator copies pixels where it means to swap them, and reaches
    one pixel less far down and right.) A fractional iteration exchanges that share of the pixels.
    images: uint8 (N, H, W, C).
    """
    count, height, width, channels = images.shape
    scale = length_scale(images)
    reach = max(1, round(max_delta * scale))
    sources = exchanged(draws, height, width, reach, iterations)
    blurred = images.astype(np.float64) if sigma == 0.0 else gaussian(images, sigma * scale)
    # Multiples of 2**-VALUE_BITS keep the second blur exact.
    blurred *= 2.0**VALUE_BITS
    blurred += 0.5 + 2.0**-20
    fixed = blurred.astype(np.uint16).reshape(count * height * width, channels)
    if channels == 1:
        moved = fixed[:, 0].take(sources)[..., None]
    else:
        moved = np.stack([fixed[:, channel].take(sources) for channel in range(channels)], axis=2)
    levels = moved.reshape(images.shape).astype(np.float64)
    levels *= 2.0**-VALUE_BITS
    return to_pixels(levels if sigma == 0.0 else gaussian(levels, sigma * scale))


def exchanged(draws: Draws, height: int, width: int, reach: int, iterations: float) -> npt.NDArray[np.intp]:
    """Where every pixel comes from after the exchanges, as places in the batch, intp (N, H*W).

    In one iteration every pixel in turn changes places with one drawn from the square of (2 reach + 1)**2
    pixels around it. Pixels that far apart do not meet, so they take their turns together, in (2 reach + 1)**2
    rounds. More iterations continue fewer.
    """
    return draws.once(("exchanged", reach, iterations), lambda: _exchanged(draws, height, width, reach, iterations))


def _exchanged(draws: Draws, height: int, width: int, reach: int, iterations: float) -> npt.NDArray[np.intp]:
    count, side = len(draws.indices), 2 * reach + 1
    whole = int(np.ceil(iterations)) - 1
    start = np.arange(count * height * width, dtype=np.intp)
    if whole < 0:
        return start.reshape(count, -1)
    earlier = exchanged(draws, height, width, reach, float(whole)) if whole else start
    places = earlier.reshape(-1).copy()
    words = draws.words(f"partner {whole}", height * width).reshape(count, height, width)
    share = draws.uniform(f"turn {whole}", (height, width)) < iterations - whole
    choice = words % np.uint32(side * side)
    rows = np.arange(height, dtype=np.intp)[:, None] + (choice // side).astype(np.intp) - reach
    columns = np.arange(width, dtype=np.intp) + (choice % side).astype(np.intp) - reach
    np.clip(rows, 0, height - 1, out=rows)
    np.clip(columns, 0, width - 1, out=columns)
    here = start.reshape(count, height, width)
    there = rows * width + columns + here[:, :1, :1]
    there = np.where(share, there, here)
    for top in range(side):
        for left in range(side):
            centre = here[:, top::side, left::side].reshape(-1)
            partner = there[:, top::side, left::side].reshape(-1)
            kept = places[partner]
            places[partner] = places[centre]
            places[centre] = kept
    return places.reshape(count, -1)


def motion_blur(images: Pixels, draws: Draws, *, radius: float, sigma: float) -> Pixels:
    """A trail with half-Gaussian weights along a direction within 45 degrees of the horizontal.

    radius (where the trail is cut off) and sigma at 32 pixels; the direction is drawn once an image.
    images: uint8 (N, H, W, C).
    """
    slopes = np.tan(draws.between("direction", -np.pi / 4, np.pi / 4))
    scale = length_scale(images)
    return trail(images, slopes, sigma * scale, radius * scale, draws)


@lru_cache(maxsize=16)
def zoom_operator(height: int, width: int, channels: int, largest: float) -> sparse.csr_array:
    """The mean over zooms from 1 to `largest` about the centre, bilinear, as a sparse matrix of values."""
    zooms = np.linspace(1.0, largest, _ZOOM_STEPS)
    row_at, row_weight = _line_samples(height, zooms)
    column_at, column_weight = _line_samples(width, zooms)
    place = row_at[:, :, None, :, None] * width + column_at[:, None, :, None, :]
    weight = row_weight[:, :, None, :, None] * column_weight[:, None, :, None, :] / len(zooms)
    target = np.broadcast_to(np.arange(height * width).reshape(height, width, 1, 1), place.shape)
    entries = (weight.reshape(-1), (target.reshape(-1), place.reshape(-1)))
    operator = sparse.csr_array(sparse.coo_array(entries, shape=(height * width, height * width)))
    return for_channels(unit_sparse_rows(operator), channels)


def _line_samples(length: int, zooms: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """The two pixels, and their weights, that a zoomed line shows at each of its places: (zooms, length, 2) each."""
    middle = (length - 1) / 2.0
    at = middle + (np.arange(length) - middle) / zooms[:, None]
    low = np.clip(np.floor(at).astype(np.intp), 0, length - 2)
    return np.stack([low, low + 1], axis=2), np.stack([1.0 - (at - low), at - low], axis=2)


def zoom_blur(images: Pixels, draws: Draws, *, largest: float) -> Pixels:
    """The mean of the image zoomed about its centre by 1 to `largest`, as when approaching.

    images: uint8 (N, H, W, C).
    """
    operator = zoom_operator(*images.shape[1:], float(largest))
    return apply_sparse(operator, draws.once("by value", lambda: by_value(images)), images.shape)


BLURS = (
    Corruption(
        "defocus_blur",
        "blur",
        defocus_blur,
        lambda strength: {"radius": 0.5 + 5.5 * strength, "softness": 0.4 * min(1.0, 4.0 * strength)},
        settings(radius=(0.3, 0.4, 0.5, 1.0, 1.5), softness=(0.4, 0.5, 0.6, 0.2, 0.1)),
        "Every point becomes a soft disk, as with a lens out of focus.",
    ),
    Corruption(
        "glass_blur",
        "blur",
        glass_blur,
        lambda strength: {"sigma": 0.4 * strength, "max_delta": 1.0, "iterations": 4.0 * strength**2},
        settings(sigma=(0.05, 0.25, 0.4, 0.25, 0.4), max_delta=(1,) * 5, iterations=(1, 1, 1, 2, 2)),
        "Near-by pixels change places between two light blurs, as through pebbled glass.",
    ),
    Corruption(
        "motion_blur",
        "blur",
        motion_blur,
        lambda strength: {"radius": 20.0 * strength, "sigma": 10.0 * strength},
        settings(radius=(6.0, 6.0, 6.0, 8.0, 9.0), sigma=(1.0, 1.5, 2.0, 2.0, 2.5)),
        "A trail along one direction, as from a camera that moves.",
    ),
    Corruption(
        "zoom_blur",
        "blur",
        zoom_blur,
        lambda strength: {"largest": 1.0 + strength},
        settings(largest=(1.06, 1.11, 1.15, 1.20, 1.25)),
        "The mean of many zooms about the centre, as when approaching fast.",
    ),
    Corruption(
        "gaussian_blur",
        "blur",
        gaussian_blur,
        lambda strength: {"sigma": 3.5 * strength},
        settings(sigma=(0.4, 0.6, 0.7, 0.8, 1.0)),
        "Convolution with a Gaussian.",
    ),
)
