"""What baseline JPEG loses, without a codec, so that no codec's version can change a byte.

ITU-T T.81: 8x8 cosine transform, the quantization tables of Annex K; JFIF colour; 4:2:0 chroma with the
triangle enlargement and the quality rule of the Independent JPEG Group. Entropy coding loses nothing and is
left out. The transform's matrix is rounded to 2**-18 and values are integers, so all sums are exact.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Floats, Pixels

_BLOCK = 8
_MATRIX_BITS = 18
_COLOUR_BITS = 16
Levels = npt.NDArray[np.int32]
N = TypeVar("N", bound=np.generic)

# T.81, tables K.1 and K.2.
_LUMA_TABLE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
_CHROMA_TABLE = np.full((_BLOCK, _BLOCK), 99)
_CHROMA_TABLE[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]


def compress(images: Pixels, quality: float, largest_step: float, draws: Draws) -> Pixels:
    """The images after compression at `quality` in (0, 100] and decoding, uint8 (N, H, W, C).

    One channel is coded as luma alone. Coefficients are kept in `draws` for the other severities.
    """
    height, width, channels = images.shape[1:]
    coefficients = draws.once("coefficients", lambda: [transform(plane) for plane in coded_planes(images)])
    luma = restore(coefficients[0], quality_table(_LUMA_TABLE, quality, largest_step), height, width)
    if channels == 1:
        return luma.astype(np.uint8)[..., None]
    table = quality_table(_CHROMA_TABLE, quality, largest_step)
    blue, red = (
        enlarge(restore(plane, table, -(-height // 2), -(-width // 2)))[:, :height, :width] - 128
        for plane in coefficients[1:]
    )
    decoded = np.empty(images.shape, np.uint8)
    half = 1 << (_COLOUR_BITS - 1)
    for channel, shift in enumerate(
        (
            _weight(1.402) * red + half >> _COLOUR_BITS,
            -_weight(0.344136) * blue - _weight(0.714136) * red + half >> _COLOUR_BITS,
            _weight(1.772) * blue + half >> _COLOUR_BITS,
        )
    ):
        shift += luma
        decoded[..., channel] = np.clip(shift, 0, 255, out=shift)
    return decoded


def quality_table(table: npt.NDArray[np.int64], quality: float, largest_step: float) -> Floats:
    """Quantization steps for a quality, float64 (8, 8), whole numbers from 1 to `largest_step`."""
    percent = 5000.0 / quality if quality < 50.0 else 200.0 - 2.0 * quality
    return np.clip(np.floor((table * percent + 50.0) / 100.0), 1.0, np.floor(largest_step))


def _weight(weight: float) -> int:
    return round(weight * (1 << _COLOUR_BITS))


def coded_planes(images: Pixels) -> list[npt.NDArray[np.generic]]:
    """Luma, int32 (N, H, W), and for three channels blue and red difference at half size, float64, 0..255."""
    if images.shape[3] == 1:
        return [images[..., 0].astype(np.int32)]
    red, green, blue = (images[..., channel].astype(np.int32) for channel in range(3))
    rows = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
    half = 1 << (_COLOUR_BITS - 1)
    planes = [_weight(r) * red + _weight(g) * green + _weight(b) * blue + half >> _COLOUR_BITS for r, g, b in rows]
    # 0.5 + 128 can reach 256.
    return [planes[0], *(_halve(np.minimum(plane + 128, 255)) for plane in planes[1:])]


def _halve(plane: Levels) -> Floats:
    """Exact means of 2x2 pixels; an odd border is repeated. (Codecs round them up and down in turn.)"""
    plane = _extend(plane, 2)
    lines = plane[:, ::2] + plane[:, 1::2]
    return (lines[:, :, ::2] + lines[:, :, 1::2]) * 0.25


def enlarge(plane: Levels) -> Levels:
    """Twice the size both ways: three quarters the near pixel, one quarter the next, int32 (N, 2H, 2W)."""
    count, height, width = plane.shape
    padded = np.pad(plane, ((0, 0), (1, 1), (1, 1)), mode="edge")
    near = 3 * padded[:, 1:-1]
    tall = np.empty((count, 2 * height, width + 2), np.int32)
    np.add(near, padded[:, :-2], out=tall[:, ::2])
    np.add(near, padded[:, 2:], out=tall[:, 1::2])
    near = 3 * tall[:, :, 1:-1] + 8
    wide = np.empty((count, 2 * height, 2 * width), np.int32)
    np.add(near, tall[:, :, :-2], out=wide[:, :, ::2])
    np.add(near, tall[:, :, 2:], out=wide[:, :, 1::2])
    wide >>= 4
    return wide


def _extend(plane: npt.NDArray[N], multiple: int) -> npt.NDArray[N]:
    """The plane with its last row and column repeated up to a multiple of `multiple`."""
    down, right = -plane.shape[1] % multiple, -plane.shape[2] % multiple
    return np.pad(plane, ((0, 0), (0, down), (0, right)), mode="edge") if down or right else plane


@lru_cache(maxsize=16)
def _cosines(length: int) -> Floats:
    """The orthonormal cosine transform of each run of 8 along a line, float64 (length, length)."""
    frequency, place = np.arange(_BLOCK)[:, None], np.arange(_BLOCK)
    matrix = np.cos((2 * place + 1) * frequency * np.pi / (2 * _BLOCK)) * np.sqrt(2.0 / _BLOCK)
    matrix[0] = np.sqrt(1.0 / _BLOCK)
    rounded = np.rint(matrix * 2.0**_MATRIX_BITS) * 2.0**-_MATRIX_BITS
    return np.kron(np.eye(length // _BLOCK), rounded)


def transform(plane: npt.NDArray[np.generic]) -> Floats:
    """Cosine coefficients of the 8x8 blocks, in place of their pixels, float64 (N, H, W), sides multiples of 8."""
    extended = _extend(plane, _BLOCK).astype(np.float64) - 128.0
    return _cosines(extended.shape[1]) @ extended @ _cosines(extended.shape[2]).T


def restore(coefficients: Floats, table: Floats, height: int, width: int) -> Levels:
    """Pixels from coefficients rounded to the table's steps, int32 (N, height, width), 0..255."""
    tall, wide = coefficients.shape[1:]
    steps = np.tile(table, (tall // _BLOCK, wide // _BLOCK))
    rounded = coefficients / steps
    # Halves away from zero, as codecs do; the shift is for the rounded matrix, which moves them by less.
    rounded += np.copysign(0.5 + 2.0**-10, rounded)
    np.trunc(rounded, out=rounded)
    rounded *= steps
    levels = _cosines(tall).T @ rounded @ _cosines(wide)
    levels += 128.5
    np.clip(levels, 0.0, 255.0, out=levels)
    return levels.astype(np.int32)[:, :height, :width]
