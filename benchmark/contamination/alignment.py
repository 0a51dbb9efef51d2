"""Moves a test picture until it lies on a submitted one as well as it can, to a fraction of a pixel.

The test picture is moved, not the submitted one: a copy that was turned with bilinear interpolation is then met by the
same interpolation, and the pair agrees to rounding, while a copy turned back would be blurred twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.contamination.pictures import Pictures
from benchmark.contamination.similarity import Similarity, centred_places, turn

Floats = NDArray[np.float32]
_PAIRS_AT_ONCE = 256
_LARGEST_SCALE, _LARGEST_ROTATION_DEGREES, _LARGEST_SHIFT_PX = 1.15, 12.0, 3.0
_DAMPING = 1e-3
_MARGIN_PX = 2.5
"""Of the border, as blurring spreads there what a copy was padded with."""


@dataclass(frozen=True)
class Moves:
    """Where each pixel of a submitted picture lies in the (mirrored) test picture: place -> turn * place + shift.

    Places are right + i down about the centre. mirrored: bool (P,). turn, shift: complex128 (P,).
    """

    mirrored: NDArray[np.bool_]
    turn: NDArray[np.complex128]
    shift: NDArray[np.complex128]

    @staticmethod
    def of(similarities: list[Similarity]) -> Moves:
        """The maps from submitted pictures to test pictures that were moved so."""
        mirrored = np.array([similarity.mirrored for similarity in similarities], dtype=np.bool_)
        turns = np.array([turn(similarity) for similarity in similarities], dtype=np.complex128)
        shifts = np.array([complex(each.right_px, each.down_px) for each in similarities], dtype=np.complex128)
        return Moves(mirrored, 1 / turns, -shifts / turns)

    def similarity(self, pair: int, pixels_per_place: float = 1.0) -> Similarity:
        """The move of one pair; pixels_per_place: the image's pixels that make one of the picture's."""
        onto = 1 / self.turn[pair]
        shift = -self.shift[pair] * onto * pixels_per_place
        degrees = math.degrees(math.atan2(onto.imag, onto.real))
        return Similarity(bool(self.mirrored[pair]), degrees, float(abs(onto)), float(shift.imag), float(shift.real))

    def __getitem__(self, pairs: slice | NDArray[np.int64]) -> Moves:
        return Moves(self.mirrored[pairs], self.turn[pairs], self.shift[pairs])


def align(
    submitted: Pictures,
    submitted_rows: NDArray[np.int64],
    tests: Pictures,
    test_rows: NDArray[np.int64],
    start: Moves,
    steps: int,
) -> tuple[Moves, Floats]:
    """The moves near `start` under which each pair correlates best, and that correlation: float32 (P,) in [-1, 1].

    submitted: float32 (N, h, w), tests: float32 (M, h, w), both smoothed. rows: int64 (P,), the pairs, at least one.
    Gauss-Newton steps on the difference of the normalized pictures by inverse composition (Baker and Matthews 2004)
    with the step scaled as for the correlation coefficient (Evangelidis and Psarakis 2008); of all steps the best is
    kept. Moves stay within 12 degrees, a scale of 1.15 and 3 pixels.
    """
    found = []
    for first in range(0, len(test_rows), _PAIRS_AT_ONCE):
        pairs = slice(first, first + _PAIRS_AT_ONCE)
        rows, inverse = np.unique(submitted_rows[pairs], return_inverse=True)
        found.append(_align_block(submitted[rows], inverse, tests, test_rows[pairs], start[pairs], steps))
    turns, shifts, correlations = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Moves(start.mirrored, turns, shifts), correlations


def _align_block(
    submitted: Pictures,
    rows: NDArray[np.intp],
    tests: Pictures,
    test_rows: NDArray[np.int64],
    start: Moves,
    steps: int,
) -> tuple[NDArray[np.complex128], NDArray[np.complex128], Floats]:
    slopes = _slopes(submitted)[rows]
    still = submitted.reshape(len(submitted), -1)[rows]
    turns, shifts = start.turn, start.shift
    best, best_turns, best_shifts = np.full(len(rows), -np.inf, np.float32), turns, shifts
    for step in range(steps + 1):
        moved, shared = sample(tests, test_rows, Moves(start.mirrored, turns, shifts), margin_px=_MARGIN_PX)
        moved, _ = normalized(moved, shared)
        fixed, lengths = normalized(still, shared)
        correlations = np.einsum("pv,pv->p", moved, fixed)
        better = correlations > best
        best = np.where(better, correlations, best)
        best_turns, best_shifts = np.where(better, turns, best_turns), np.where(better, shifts, best_shifts)
        if step == steps:
            break
        # Where the pair hardly agrees yet, the scaled step would be endless.
        errors = (moved / np.maximum(correlations, 0.3)[:, None] - fixed) * lengths
        grow, twist, right, down = _step(slopes, fixed, shared, errors).T.astype(np.float64)
        turn_step, shift_step = 1 + grow + 1j * twist, right + 1j * down
        turns, shifts = _bounded(turns / turn_step, shifts - turns * shift_step / turn_step)
    return best_turns, best_shifts, best


def _slopes(images: Pictures) -> Floats:
    """How pixels change as the places grow, twist, go right and go down: float32 (N, 4, V)."""
    down, right = np.gradient(images, axis=(1, 2))
    down, right = down.reshape(len(images), -1), right.reshape(len(images), -1)
    places = centred_places(*images.shape[1:]).astype(np.complex64)
    growth, twist = right * places.real + down * places.imag, down * places.real - right * places.imag
    return np.stack([growth, twist, right, down], axis=1)


def _step(slopes: Floats, fixed: Floats, shared: NDArray[np.bool_], errors: Floats) -> Floats:
    """The least-squares step of each pair: float32 (P, 4), as the slopes are ordered.

    Brightness and contrast are taken out of the slopes as they are out of the errors; left in, they would make every
    step too short.
    """
    counted = shared.astype(np.float32)
    counts = np.maximum(counted.sum(axis=1), 1)[:, None, None]
    slopes = slopes - np.matmul(slopes, counted[..., None]) / counts
    slopes -= np.matmul(slopes, fixed[..., None]) * fixed[:, None]
    slopes *= counted[:, None]
    hessians = np.matmul(slopes, slopes.transpose(0, 2, 1))
    damping = hessians * np.eye(4, dtype=np.float32) * np.float32(_DAMPING)
    hessians += damping + np.float32(1e-6) * np.eye(4, dtype=np.float32)
    return np.asarray(np.linalg.solve(hessians, np.matmul(slopes, errors[..., None]))[..., 0])


def _bounded(
    turns: NDArray[np.complex128], shifts: NDArray[np.complex128]
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    sizes = np.clip(np.abs(turns), 1 / _LARGEST_SCALE, _LARGEST_SCALE)
    widest = math.radians(_LARGEST_ROTATION_DEGREES)
    angles = np.clip(np.angle(turns), -widest, widest)
    right = np.clip(shifts.real, -_LARGEST_SHIFT_PX, _LARGEST_SHIFT_PX)
    down = np.clip(shifts.imag, -_LARGEST_SHIFT_PX, _LARGEST_SHIFT_PX)
    return sizes * np.exp(1j * angles), right + 1j * down


def sample(
    tests: Pictures, rows: NDArray[np.int64], moves: Moves, margin_px: float
) -> tuple[Floats, NDArray[np.bool_]]:
    """The test picture of each pair, moved: float32 (P, V), bilinear, and which pixels both pictures show: bool (P, V).

    Pixels nearer than `margin_px` to the border of either are not counted: there a copy shows what it was padded with.
    """
    height, width = tests.shape[1:]
    middle_down, middle_right = (height - 1) / 2, (width - 1) / 2
    places = centred_places(height, width).astype(np.complex64)
    there = moves.turn.astype(np.complex64)[:, None] * places + moves.shift.astype(np.complex64)[:, None]
    inside = (np.abs(places.imag) <= middle_down - margin_px) & (np.abs(places.real) <= middle_right - margin_px)
    slack = 0.01  # a picture in place stays inside after rounding
    shared = np.abs(there.imag) <= middle_down - margin_px + slack
    shared &= np.abs(there.real) <= middle_right - margin_px + slack
    shared &= inside
    right = np.where(moves.mirrored[:, None], -there.real, there.real) + np.float32(middle_right)
    down = np.clip(there.imag + np.float32(middle_down), 0, height - 1)
    right = np.clip(right, 0, width - 1)
    top = np.minimum(down.astype(np.int32), height - 2)
    left = np.minimum(right.astype(np.int32), width - 2)
    below, beyond = down - top, right - left
    corner = top * width + left + rows[:, None] * (height * width)
    values = tests.reshape(-1)
    above = values[corner]
    above += (values[corner + 1] - above) * beyond
    under = values[corner + width]
    under += (values[corner + width + 1] - under) * beyond
    above += (under - above) * below
    return above, shared


def normalized(values: Floats, counted: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Each row (P, V) with mean 0 and length 1 over its counted places, 0 elsewhere; and the lengths, (P, 1).

    A row that is constant there becomes 0.
    """
    counts = np.maximum(counted.sum(axis=1, keepdims=True, dtype=np.float32), 1)
    centred = (values - np.einsum("pv,pv->p", values, counted)[:, None] / counts) * counted
    lengths = np.sqrt(np.einsum("pv,pv->p", centred, centred))[:, None]
    is_constant = lengths < 1e-4  # rounding of float32, in units of the grey scale
    return np.divide(centred, lengths, out=np.zeros_like(centred), where=~is_constant), lengths
