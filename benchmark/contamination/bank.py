"""Finds, for every submitted image, the few test images that some small move brings close to it.

A matrix product of all pairs under all moves is out of reach at full resolution. So pictures are brought to one
contrast, blurred and projected on the leading principal components of the test images, each divided by the root of its
variance plus a floor: what most garments share then counts little. The moves and this projection are linear, so that a
submitted image is undone and projected for all moves by one matrix product. First a coarse grid of moves against all
test images, then a fine grid against the best hundred or so of them.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from benchmark.contamination.alignment import normalized
from benchmark.contamination.pictures import Pictures
from benchmark.contamination.similarity import Similarity, undoing_matrix

Vectors = NDArray[np.float32]

_STAGGERED = [(0, 0), *product((-2, 2), (-2, 2)), *product((-1, 1), (-1, 1)), (-2, 0), (2, 0), (0, -2), (0, 2)]
_SHIFTS = list(product(range(-2, 3), range(-2, 3)))
COARSE_MOVES = [
    Similarity(mirrored, rotation, scale, down, right)
    for mirrored, (rotation, scale), (down, right) in product(
        (False, True), ((0, 1.0), *product((-8, 0, 8), (0.92, 1.06))), _STAGGERED
    )
]
FINE_MOVES = [
    Similarity(mirrored, rotation, scale, down, right)
    for mirrored, rotation, scale, (down, right) in product(
        (False, True), (-10, -5, 0, 5, 10), (0.9, 1.0, 1.1), _SHIFTS
    )
]
FINELY_SEARCHED = 128
"""Test images of each submitted one that the fine grid is held against."""
ROWS_AT_ONCE = 64
_VARIANCE_FLOOR = 1e-2  # of the total variance: components below it are noise and small moves


class Candidates(NamedTuple):
    """The best test images of each submitted image, best first.

    test_rows: int64 (N, K). moves: int64 (N, K), positions in `FINE_MOVES`.
    """

    test_rows: NDArray[np.int64]
    moves: NDArray[np.int64]


class _Space:
    """Unit vectors of the test pictures, and the matrices that undo, blur and project a submitted one."""

    def __init__(self, tests: Pictures, moves: list[Similarity], components: int, sigma_px: float) -> None:
        height, width = tests.shape[1:]
        values = height * width
        impulses = np.eye(values, dtype=np.float32).reshape(values, height, width)
        blur = gaussian_filter(impulses, (0, sigma_px, sigma_px)).reshape(values, values)
        vectors = at_one_contrast(tests) @ blur
        vectors -= vectors.mean(axis=1, keepdims=True)
        centre = vectors.mean(axis=0)
        variances, axes = np.linalg.eigh((vectors - centre).T @ (vectors - centre) / len(vectors))
        variances, axes = np.maximum(variances[::-1][:components], 0), axes[:, ::-1][:, :components]
        # A set of equal images has no variance; any floor above 0 will do then.
        floor = _VARIANCE_FLOOR * float(variances.sum()) or 1.0
        projection = (axes / np.sqrt(variances + floor)).astype(np.float32)
        self.origin = centre @ projection
        self.tests = unit(vectors @ projection - self.origin)
        blurred = blur @ (projection - projection.mean(axis=0))
        self.undone = np.stack([undoing_matrix(move, height, width).T @ blurred for move in moves])


class Bank:
    """The test pictures as they are searched, float32 (M, h, w); M at least 1."""

    def __init__(self, tests: Pictures) -> None:
        self._coarse = _Space(tests, COARSE_MOVES, components=48, sigma_px=1.5)
        self._fine = _Space(tests, FINE_MOVES, components=64, sigma_px=1.0)
        self._across = np.ascontiguousarray(self._coarse.tests.T)

    def candidates(self, submitted: Pictures, kept: int) -> Candidates:
        """The `kept` best test images of each picture (fewer where there are fewer); submitted: float32 (n, h, w)."""
        vectors = at_one_contrast(submitted)
        best = np.full((len(vectors), self._across.shape[1]), -1, np.float32)
        products = np.empty_like(best)
        for undone in self._coarse.undone:
            np.matmul(unit(vectors @ undone - self._coarse.origin), self._across, out=products)
            np.maximum(best, products, out=best)
        searched = min(FINELY_SEARCHED, best.shape[1])
        nearest = np.argpartition(-best, searched - 1, axis=1)[:, :searched]
        moved = unit(np.matmul(vectors, self._fine.undone) - self._fine.origin)  # (moves, n, components)
        kept = min(kept, searched)
        found = Candidates(np.empty((len(vectors), kept), np.int64), np.empty((len(vectors), kept), np.int64))
        for row, tests in enumerate(nearest):
            closeness = moved[:, row] @ self._fine.tests[tests].T
            move = closeness.argmax(axis=0)
            order = np.argsort(-closeness[move, np.arange(searched)], kind="stable")[:kept]
            found.test_rows[row], found.moves[row] = tests[order], move[order]
        return found


def at_one_contrast(stack: Pictures) -> Vectors:
    """Pictures (n, h, w) as vectors of mean 0 and length 1, float32 (n, h w); a constant picture becomes 0.

    The centre of the test images is taken from each: of a faint picture nothing but that centre would be left.
    """
    vectors = stack.reshape(len(stack), -1)
    return normalized(vectors, np.ones(vectors.shape, dtype=np.bool_))[0]


def unit(vectors: Vectors) -> Vectors:
    """Vectors (..., D) of length 1; those of no length stay 0."""
    lengths = np.sqrt(np.einsum("...d,...d->...", vectors, vectors))[..., None]
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
