"""Noise of one octave: normal noise, band-passed, its standard deviation set back to what was asked for.

After the critical-band masking of Subramanian et al. (2023), "Spatial-frequency channels, shape bias, and adversarial
robustness". They band-pass with a Laplacian pyramid and lower the contrast of the photographs to a fifth, so that noise
is hardly clipped; we cut bands out of the Fourier transform and keep the contrast, because a net that never saw a fifth
of it would be measured on that.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Floats, Pixels, to_pixels

_IMAGES_A_BATCH = 250


def with_band_noise(
    images: Pixels, band: tuple[float, float], sds: tuple[float, ...], *, seed: int, indices: npt.NDArray[np.int64]
) -> Pixels:
    """The images under noise of one band at each standard deviation, uint8 (S, N, H, W, C).

    The noise is the same in all channels and, but for its size, at all deviations. Each image's has exactly the
    deviation asked for before pixels are clipped to 0..255; clipping weakens it and gives it other frequencies.
    images: uint8 (N, H, W, C), square. band: cycles per image, from (included) to (excluded), measured along the
    wave. sds: of the [0, 1] scale. indices: int64 (N,); image i gets what (seed, i) draws, whatever the batch.
    """
    made = np.empty((len(sds), *images.shape), np.uint8)
    for start in range(0, len(images), _IMAGES_A_BATCH):
        batch = slice(start, start + _IMAGES_A_BATCH)
        noise = band_noise(band, images.shape[1], seed=seed, indices=indices[batch])[..., None]
        for place, sd in enumerate(sds):
            made[place, batch] = to_pixels(images[batch] + (255.0 * sd) * noise)
    return made


def band_noise(band: tuple[float, float], side_px: int, *, seed: int, indices: npt.NDArray[np.int64]) -> Floats:
    """Noise of mean 0 and standard deviation 1 in one band, float64 (N, side, side). Arguments as above.

    Raises ValueError for a band without a frequency of the image.
    """
    low, high = band
    passed = _passed(low, high, side_px)
    if not passed.any():
        raise ValueError(f"band: a frequency of a {side_px} pixel image, but {low} to {high} cycles hold none")
    white = Draws(seed, f"band noise {low:g} to {high:g}", indices).normal("white", (side_px, side_px))
    noise = np.fft.irfft2(np.fft.rfft2(white) * passed, s=(side_px, side_px))
    noise /= np.sqrt(np.mean(noise**2, axis=(1, 2), keepdims=True))
    return noise


@lru_cache(maxsize=16)
def _passed(low: float, high: float, side_px: int) -> npt.NDArray[np.bool_]:
    """Which frequencies of `rfft2` the band holds, bool (side, side // 2 + 1)."""
    down = np.fft.fftfreq(side_px, 1 / side_px)[:, None]
    right = np.fft.rfftfreq(side_px, 1 / side_px)
    along = np.sqrt(down**2 + right**2)
    return (along >= low) & (along < high)
