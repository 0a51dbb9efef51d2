"""Submitted images that are copies of test images: exact ones by hash, moved or altered ones by correlation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.contamination.alignment import Moves, align, sample
from benchmark.contamination.bank import FINE_MOVES, ROWS_AT_ONCE, Bank
from benchmark.contamination.explained import explained, whitening
from benchmark.contamination.frames import FrameFilling
from benchmark.contamination.pictures import Pictures, check_both, pictures, smoothed
from benchmark.contamination.similarity import Similarity

Progress = Callable[[int, int], None]
"""Called with the images looked at so far, and all."""

_ROUGHLY_ALIGNED, _ROUGH_STEPS = 32, 1
_ALIGNED, _STEPS = 4, 2
"""Candidates of each image at full resolution: many by a step, then the best of them to the end."""
_ALIGNMENT_SIGMA_PX = 1.0


class ExactCopy(NamedTuple):
    """A submitted image whose pixels, as they are or mirrored, are those of a test image."""

    row: int
    test_row: int


class Closest(NamedTuple):
    """The test image nearest to each submitted one, whether or not it is a copy.

    test_rows: int64 (N,). correlations: float64 (N,) in [-1, 1]. transforms: how the test image was moved.
    """

    test_rows: NDArray[np.int64]
    correlations: NDArray[np.float64]
    transforms: list[Similarity]


def exact_copies(images: np.ndarray, test_images: np.ndarray) -> list[ExactCopy]:
    """Pairs of equal pixels, mirrored ones included, by sha256; a row has each test image that it equals.

    images: uint8 (N, H, W, C), test_images: uint8 (M, H, W, C), of one size, C 1 or 3; images with other channels are
    never equal. Raises ValueError for other arrays.
    """
    check_both(images, test_images)
    if images.shape[3] != test_images.shape[3]:
        return []
    places: dict[bytes, set[int]] = {}
    for test_row, image in enumerate(test_images):
        for side in (image, image[:, ::-1]):
            places.setdefault(_sha256(side), set()).add(test_row)
    return [
        ExactCopy(row, test_row)
        for row, image in enumerate(images)
        for test_row in sorted(places.get(_sha256(image), ()))
    ]


def closest_test_images(images: np.ndarray, test_images: np.ndarray, *, progress: Progress | None = None) -> Closest:
    """The nearest test image of each submitted one with their correlation, in [-1, 1]; 1 is a copy.

    Luma is compared, at 32 pixels on the longer side at most. Moves looked for: mirrored or not, up to 10 degrees,
    scales .9 to 1.1, up to 2 pixels each way, and what lies between. The correlation is the mean-removed cosine of
    whitened pixels: every principal direction of the test images is divided by the root of its variance plus
    a floor of .1 % of the total, so that what all images of a kind share counts little. Not compared are frames of one
    tone up to 4 pixels wide (`FrameFilling`) and single pixels that stand far out; tones may be bent (`explained`).
    A constant image has 0; so has every image without a test image, with test row -1. Arrays and errors as in
    `exact_copies`; channels may differ.
    """
    check_both(images, test_images)
    if len(images) == 0 or len(test_images) == 0:
        nowhere = [Similarity(False, 0.0, 1.0, 0.0, 0.0)] * len(images)
        return Closest(np.full(len(images), -1), np.zeros(len(images)), nowhere)
    tests, submitted = pictures(test_images), pictures(images)
    search = PictureSearch(tests, max(images.shape[1:3]) / max(tests.shape[1:]))
    test_rows = np.empty(len(images), dtype=np.int64)
    correlations = np.empty(len(images))
    transforms: list[Similarity] = []
    for start in range(0, len(images), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        found = search.closest(submitted[block])
        test_rows[block], correlations[block] = found.test_rows, found.correlations
        transforms += found.transforms
        if progress is not None:
            progress(len(transforms), len(images))
    return Closest(test_rows, correlations, transforms)


class PictureSearch:
    """Test pictures, float32 (M, h, w), M at least 1, ready to be searched, block after block.

    pixels_per_place: how many pixels of the images make one of the pictures.
    """

    def __init__(self, tests: Pictures, pixels_per_place: float = 1.0) -> None:
        self._tests, self._smooth = tests, smoothed(tests, _ALIGNMENT_SIGMA_PX)
        self._bank, self._pixels_per_place = Bank(tests), pixels_per_place
        self._frames, self._whiten = FrameFilling(tests), whitening(tests)

    def closest(self, submitted: Pictures) -> Closest:
        """`closest_test_images` of one block of pictures."""
        submitted, own = self._frames.fill(submitted)
        candidates = self._bank.candidates(submitted, _ROUGHLY_ALIGNED)
        smooth = smoothed(submitted, _ALIGNMENT_SIGMA_PX)
        found = candidates.test_rows.shape[1]
        rows, test_rows = np.repeat(np.arange(len(submitted)), found), candidates.test_rows.ravel()
        start = Moves.of([FINE_MOVES[move] for move in candidates.moves.ravel()])
        moves, closeness = align(smooth, rows, self._smooth, test_rows, start, _ROUGH_STEPS)
        kept = min(_ALIGNED, found)
        order = np.argsort(-closeness.reshape(-1, found), axis=1, kind="stable")[:, :kept]
        pairs = (order + np.arange(len(submitted))[:, None] * found).ravel()
        rows, test_rows = rows[pairs], test_rows[pairs]
        moves, _ = align(smooth, rows, self._smooth, test_rows, moves[pairs], _STEPS)
        moved, shared = sample(self._tests, test_rows, moves, margin_px=1.0)
        still = submitted.reshape(len(submitted), -1)[rows]
        correlations = explained(still, moved, shared & own[rows], submitted.shape[1:], self._whiten).reshape(-1, kept)
        best = correlations.argmax(axis=1) + np.arange(len(submitted)) * kept
        transforms = [moves.similarity(int(pair), self._pixels_per_place) for pair in best]
        return Closest(test_rows[best], correlations.ravel()[best].astype(np.float64), transforms)


def _sha256(image: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(image).data).digest()
