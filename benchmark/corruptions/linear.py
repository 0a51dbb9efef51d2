"""Linear maps of images whose sums are exact, so that no order of summation can change a byte.

Weights are rounded to multiples of a power of two and made to sum to one in every row. With pixels being
integers, every partial sum is then a whole number of such units below 2**53: float64 holds it exactly. BLAS,
sparse products and plain loops agree to the last bit, for any batch and any number of threads.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.ndimage import gaussian_filter1d
from scipy.signal import fftconvolve

from benchmark.corruptions.pixels import Floats, Pixels, in_rows, to_pixels

SPARSE_BITS = 36  # pixels (8) + weights (36) leave 9 bits to spare
SEPARABLE_BITS = 18  # two passes: values (up to 16) + 2 * 18 = 52 bits
VALUE_BITS = 8  # fraction bits of values that go through a second pair of passes
CONVOLUTION_BITS = 20  # 8 + 20 bits: the sums fit int32
_LARGEST_DIRECT_KERNEL = 11
_SMALLEST_SIGMA_PX = 0.01  # below it the neighbours' weights vanish, and their formula with them


def unit_rows(weights: Floats, bits: int) -> Floats:
    """The rows in units of 2**-bits, each summing to one exactly; the largest weight takes the remainder.

    weights: float64 (rows, columns), rows summing to about one. Returns float64 of the same shape.
    """
    units = np.rint(weights * 2.0**bits)
    largest = np.argmax(units, axis=1)
    units[np.arange(len(units)), largest] += 2.0**bits - units.sum(axis=1)
    return units * 2.0**-bits


def unit_sparse_rows(weights: sparse.csr_array, bits: int = SPARSE_BITS) -> sparse.csr_array:
    """`unit_rows` for a sparse matrix, float64 (rows, columns)."""
    rows = sparse.csr_array(weights)
    rows.sum_duplicates()
    units = np.rint(rows.data * 2.0**bits)
    row_of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    # Sorted by row, then by weight: the last entry of a row is its largest.
    last = np.lexsort((units, row_of))[rows.indptr[1:] - 1]
    units[last] += 2.0**bits - np.add.reduceat(units, rows.indptr[:-1])
    return sparse.csr_array((units * 2.0**-bits, rows.indices, rows.indptr), shape=rows.shape)


def for_channels(operator: sparse.csr_array, channels: int) -> sparse.csr_array:
    """The operator on places (H*W, H*W) as one on values (H*W*C, H*W*C), all channels alike."""
    return operator if channels == 1 else sparse.kron(operator, sparse.csr_array(np.eye(channels)), format="csr")


def by_value(images: Pixels) -> Floats:
    """Values first, images last, float64 (H*W*C, N): what `apply_sparse` works on; images: uint8 (N, H, W, C)."""
    return np.ascontiguousarray(images.reshape(len(images), -1).T).astype(np.float64)


def apply_sparse(operator: sparse.csr_array, values: Floats, shape: tuple[int, ...]) -> Pixels:
    """The operator (H*W*C, H*W*C) on every image: uint8 of `shape` (N, H, W, C); values: from `by_value`."""
    return np.ascontiguousarray(to_pixels(operator @ values).T).reshape(shape)


def apply_separable(rows: Floats, columns: Floats, images: npt.NDArray[np.generic]) -> Floats:
    """rows @ image @ columns.T for every image and channel, float64 (N, H, W, C) on the scale of `images`.

    rows: (H, H) and columns: (W, W) from `unit_rows(..., SEPARABLE_BITS)`; images (N, H, W, C): pixels, or
    multiples of 2**-VALUE_BITS up to 255.
    """
    channels = images.shape[3]
    wide = columns.T if channels == 1 else np.kron(columns.T, np.eye(channels))
    return ((rows @ in_rows(images).astype(np.float64)) @ wide).reshape(images.shape)


@lru_cache(maxsize=64)
def gaussian_rows(length: int, sigma: float) -> Floats:
    """The Gaussian blur of a line of `length` pixels as a matrix, float64 (length, length); sigma in pixels.

    The line is reflected about its end pixels.
    """
    if sigma < _SMALLEST_SIGMA_PX:
        return np.eye(length)
    blur = gaussian_filter1d(np.eye(length), sigma, axis=0, mode="mirror", truncate=4.0)
    return unit_rows(blur, SEPARABLE_BITS)


def gaussian(images: npt.NDArray[np.generic], sigma: float) -> Floats:
    """Gaussian blur, float64 (N, H, W, C) on the scale of `images`; sigma in pixels."""
    height, width = images.shape[1:3]
    return apply_separable(gaussian_rows(height, sigma), gaussian_rows(width, sigma), images)


def unit_kernel(kernel: Floats) -> npt.NDArray[np.int32]:
    """A kernel in units of 2**-CONVOLUTION_BITS that sum to one, int32 (K, K), zero borders cut off.

    kernel: float64 (K, K), K odd, alike under the eight symmetries of the square.
    """
    units = np.rint(kernel / kernel.sum() * 2.0**CONVOLUTION_BITS).astype(np.int64)
    middle = len(units) // 2
    units[middle, middle] += (1 << CONVOLUTION_BITS) - units.sum()
    while len(units) > 1 and not units[0].any():
        units = units[1:-1, 1:-1]
    return units.astype(np.int32)


def ring_sums(images: Pixels, reach: int) -> dict[tuple[int, int], npt.NDArray[np.uint16]]:
    """Sums over the up to eight neighbours (+-a, +-b), (+-b, +-a), for reach >= a >= b >= 0.

    A kernel with the symmetry of the square needs one multiplication a ring instead of one a neighbour, and
    all severities share the sums. images: uint8 (N, H, W, C), reflected about the border pixels. Returns
    uint16 (N, H, W*C) by (a, b).
    """
    count, height, width, channels = images.shape
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect")
    lines = in_rows(padded).astype(np.uint16)
    rings = {}
    for a in range(reach + 1):
        for b in range(a + 1):
            ring = np.zeros((count, height, width * channels), np.uint16)
            for down, right in sorted({(s * p, t * q) for p, q in ((a, b), (b, a)) for s in (1, -1) for t in (1, -1)}):
                top, left = reach + down, (reach + right) * channels
                ring += lines[:, top : top + height, left : left + width * channels]
            rings[a, b] = ring
    return rings


def convolve_rings(
    rings: dict[tuple[int, int], npt.NDArray[np.uint16]], units: npt.NDArray[np.int32]
) -> npt.NDArray[np.uint8]:
    """The convolution from ring sums, in integers, rounded half up: uint8 (N, H, W*C)."""
    middle = len(units) // 2
    total = np.full(rings[0, 0].shape, 1 << (CONVOLUTION_BITS - 1), np.int32)
    for a in range(middle + 1):
        for b in range(a + 1):
            if weight := units[middle + a, middle + b]:
                total += np.multiply(rings[a, b], weight, dtype=np.int32)
    total >>= CONVOLUTION_BITS
    return total.astype(np.uint8)


def is_small(units: npt.NDArray[np.int32]) -> bool:
    """Whether ring sums are the fast way for this kernel."""
    return len(units) <= _LARGEST_DIRECT_KERNEL


def convolve_large(images: Pixels, units: npt.NDArray[np.int32]) -> Pixels:
    """The convolution by Fourier transform, uint8 (N, H, W, C): for the wide kernels of large images."""
    reach = len(units) // 2
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect")
    kernel = units[None, :, :, None] * 2.0**-CONVOLUTION_BITS
    return to_pixels(fftconvolve(padded.astype(np.float64), kernel, mode="valid", axes=(1, 2)))
