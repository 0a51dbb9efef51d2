"""Ice without a photograph: a procedural sheet of needle crystals and haze, and windows into it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft

from benchmark.corruptions.draws import Draws
from benchmark.corruptions.pixels import Floats

_SIDE = 256
_FAMILIES = 24  # directions of growth
_NEEDLES = 60  # of each direction
_BEND = 3.0  # how far a smooth displacement bends the needles


@lru_cache(maxsize=4)
def frost_sheet(seed: int) -> Floats:
    """One sheet of ice on a torus, float64 (256, 256), 0..255, mean about 100, at 32 pixels an image.

    Needles of random length and weight grow in random directions, three by three at 60 degrees as ice does;
    each family is a sparse set of seeds convolved with an elongated Gaussian. Smooth noise decides where
    crystals are dense, and gives the haze between them.
    """
    draws = Draws(seed, "frost", np.zeros(1, np.int64))
    frequency = np.fft.fftfreq(_SIDE)
    down, right = frequency[:, None], frequency
    squared = down**2 + right**2

    def smooth(purpose: str, wavelength_px: float) -> Floats:
        noise = fft.fft2(draws.normal(purpose, (_SIDE, _SIDE))[0])
        field = fft.ifft2(noise * np.exp(-0.5 * squared * wavelength_px**2)).real
        return (field - field.mean()) / field.std()

    needles = np.zeros((_SIDE, _SIDE), complex)
    turns = draws.uniform("turn", (_FAMILIES // 3,))[0]
    for family in range(_FAMILIES):
        angle = np.pi * (turns[family // 3] + (family % 3) / 3.0)
        along = down * np.sin(angle) + right * np.cos(angle)
        across = right * np.sin(angle) - down * np.cos(angle)
        length = 2.5 + 6.0 * draws.uniform(f"length {family}")[0]
        width = 0.45 + 0.5 * draws.uniform(f"width {family}")[0]
        places = (draws.uniform(f"place {family}", (_NEEDLES, 2))[0] * _SIDE).astype(np.intp)
        seeds = np.zeros((_SIDE, _SIDE))
        np.add.at(seeds, (places[:, 0], places[:, 1]), length * draws.uniform(f"weight {family}", (_NEEDLES,))[0])
        shape = np.exp(-2.0 * np.pi**2 * ((along * length) ** 2 + (across * width) ** 2))
        needles += fft.fft2(seeds) * shape
    crystals = fft.ifft2(needles).real
    crystals /= crystals.std()
    rows = np.arange(_SIDE)[:, None] + _BEND * smooth("bend down", 40.0)
    columns = np.arange(_SIDE) + _BEND * smooth("bend right", 40.0)
    bent = crystals[np.rint(rows).astype(np.intp) % _SIDE, np.rint(columns).astype(np.intp) % _SIDE]
    density = 1.0 / (1.0 + np.exp(-1.5 * smooth("density", 60.0)))
    haze = 45.0 + 22.0 * smooth("haze", 25.0) + 9.0 * smooth("grain", 3.0)
    sheet = np.clip(haze + 85.0 * density * bent, 0.0, 255.0)
    sheet.flags.writeable = False
    return sheet


def frost_window(draws: Draws, height: int, width: int, scale: float) -> Floats:
    """A window into the sheet at a random place and in one of eight orientations, float64 (N, H, W), 0..255.

    scale: pixels of the image a pixel of the sheet; between its pixels the sheet is bilinear.
    """
    sheet = frost_sheet(draws.seed)
    start = draws.uniform("window", (2,)) * _SIDE
    turn = draws.words("orientation", 1)[:, 0]
    signs = np.stack([1.0 - 2.0 * (turn & 1), 1.0 - 2.0 * (turn >> np.uint32(1) & 1)], axis=1)
    rows = start[:, :1] + signs[:, :1] * np.arange(height) / scale
    columns = start[:, 1:] + signs[:, 1:] * np.arange(width) / scale
    swapped = (turn >> np.uint32(2) & 1).astype(bool)[:, None, None]
    first = np.where(swapped, columns[:, None, :], rows[:, :, None])
    second = np.where(swapped, rows[:, :, None], columns[:, None, :])
    top, left = np.floor(first).astype(np.intp), np.floor(second).astype(np.intp)
    down, right = first - top, second - left
    top, below = top % _SIDE * _SIDE, (top + 1) % _SIDE * _SIDE
    left, beside = left % _SIDE, (left + 1) % _SIDE
    upper = sheet.take(top + left) * (1.0 - right) + sheet.take(top + beside) * right
    lower = sheet.take(below + left) * (1.0 - right) + sheet.take(below + beside) * right
    return upper * (1.0 - down) + lower * down
