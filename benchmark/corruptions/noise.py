"""Noise of single values: Gaussian, shot, impulse, speckle."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import pdtr

from benchmark.corruptions.corruption import Corruption, settings
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Pixels, to_pixels

_GUIDE_BITS = 11
_UNDECIDED = -1


def gaussian_noise(images: Pixels, draws: Draws, *, sigma: float) -> Pixels:
    """Independent normal noise on every value; sigma on the [0, 1] scale. images: uint8 (N, H, W, C)."""
    levels = draws.normal("noise", images.shape[1:]) * (255.0 * sigma)
    levels += images
    return to_pixels(levels)


def speckle_noise(images: Pixels, draws: Draws, *, sigma: float) -> Pixels:
    """Normal noise in proportion to the value, x + sigma x z; black stays black. images: uint8 (N, H, W, C)."""
    levels = draws.normal("noise", images.shape[1:]) * sigma
    levels += 1.0
    levels *= images
    return to_pixels(levels)


def impulse_noise(images: Pixels, draws: Draws, *, amount: float) -> Pixels:
    """A share `amount` of all values turned black or white, half each; stronger sets contain weaker ones.

    images: uint8 (N, H, W, C).
    """
    words = draws.words("impulse", int(np.prod(images.shape[1:]))).reshape(images.shape)
    hit = (words >> np.uint32(1)) < np.uint32(min(round(amount * 2**31), 2**31))
    # The lowest bit says which way: 0 - 0 is black, 0 - 1 wraps to 255.
    salt = draws.once("salt", lambda: np.uint8(0) - (words & np.uint32(1)).astype(np.uint8))
    return np.where(hit, salt, images)


def shot_noise(images: Pixels, draws: Draws, *, photons: float) -> Pixels:
    """Poisson counts around the value, Poisson(photons x) / photons; fewer photons are noisier, black stays black.

    One uniform number a value goes through the exact Poisson quantile, so that a weaker light moves the same
    value further the same way. `photons` is the mean count of a white value; at infinity the image is kept.
    images: uint8 (N, H, W, C).
    """
    words = draws.words("photons", int(np.prod(images.shape[1:]))).reshape(images.shape)
    guide, edges = _poisson_quantiles(float(photons))
    cells = draws.once(
        "guide cells",
        lambda: (words >> np.uint32(32 - _GUIDE_BITS)).astype(np.intp) + (images.astype(np.intp) << _GUIDE_BITS),
    )
    found = guide.take(cells)
    undecided = np.flatnonzero(found < 0)
    values = images.reshape(-1)[undecided].astype(np.int64)
    keys = (values << 32) + words.reshape(-1)[undecided]
    found.reshape(-1)[undecided] = np.searchsorted(edges, keys, side="right") - 256 * values
    return found.astype(np.uint8)


@lru_cache(maxsize=16)
def _poisson_quantiles(photons: float) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int64]]:
    """Quantiles of all 256 Poisson laws: (guide, edges).

    A value v with the 32-bit word u becomes the number of edges at or below v * 2**32 + u, less 256 v: int64
    (256 * 256,), the probabilities of at most each pixel level. `guide` (256 << bits) answers from the top
    bits of u alone, and holds -1 where an edge runs through its cell.
    """
    values = np.arange(256)
    if np.isinf(photons):
        below = (values[:, None] <= values).astype(np.float64)
    else:
        # The largest count that still rounds to each level; any count may be 255.
        counts = np.floor((values + (0.5 - 2.0**-20)) * (photons / 255.0))
        counts[-1] = np.inf
        below = np.where(np.isinf(counts), 1.0, pdtr(counts, values[:, None] * (photons / 255.0)))
    steps = np.rint(np.maximum.accumulate(below, axis=1) * 2.0**32).astype(np.int64)
    edges = (steps + (values[:, None] << 32)).reshape(-1)
    corners = np.arange(256 << _GUIDE_BITS, dtype=np.int64) << (32 - _GUIDE_BITS)
    first = np.searchsorted(edges, corners, side="right")
    last = np.searchsorted(edges, corners + ((1 << (32 - _GUIDE_BITS)) - 1), side="right")
    levels = first - np.repeat(256 * values, 1 << _GUIDE_BITS)
    return np.where(first == last, levels, _UNDECIDED).astype(np.int16), edges


NOISES = (
    Corruption(
        "gaussian_noise",
        "noise",
        gaussian_noise,
        lambda strength: {"sigma": 0.3 * strength**1.5},
        settings(sigma=(0.04, 0.06, 0.08, 0.09, 0.10)),
        "Normal noise on every value, as from a sensor in the dark.",
    ),
    Corruption(
        "shot_noise",
        "noise",
        shot_noise,
        lambda strength: {"photons": 0.6 / strength**4 if strength > 0.001 else np.inf},
        settings(photons=(500.0, 250.0, 100.0, 75.0, 50.0)),
        "Poisson noise of counting few photons.",
    ),
    Corruption(
        "impulse_noise",
        "noise",
        impulse_noise,
        lambda strength: {"amount": 0.25 * strength**1.5},
        settings(amount=(0.01, 0.02, 0.03, 0.05, 0.07)),
        "Values turned black or white at random.",
    ),
    Corruption(
        "speckle_noise",
        "noise",
        speckle_noise,
        lambda strength: {"sigma": 4.0 * strength**2},
        settings(sigma=(0.06, 0.10, 0.12, 0.16, 0.20)),
        "Normal noise in proportion to the value, as in radar images.",
    ),
)
