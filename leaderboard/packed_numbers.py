"""The numbers of a long column in few bytes: digits of base 90, and intervals as what a guess from the value leaves."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

ALPHABET = "".join(chr(code) for code in range(35, 127) if chr(code) not in "<\\")
"""Digits that a JSON text inside a script element holds as they are."""
MISSING = " "


def packed_values(values: Sequence[int | None]) -> dict[str, Any]:
    """`digits90`: every number less the smallest, `least`, in `width` digits of base 90; spaces for a missing one.

    Numbers without order cost about a quarter less than as decimals, after compression.
    """
    known = [value for value in values if value is not None]
    least = min(known, default=0)
    largest, width = max(known, default=0) - least, 1
    while len(ALPHABET) ** width <= largest:
        width += 1
    text = "".join(MISSING * width if value is None else _digits(value - least, width) for value in values)
    return {"digits90": text, "least": least, "width": width}


def _digits(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def packed_intervals(
    values: Sequence[int | None], ends: Sequence[tuple[int, int] | None], whole: int
) -> dict[str, Any]:
    """`below`, `skew` and the two factors of the guesses; numbers are whole, in units of the last digit shown.

    The distance of the lower end from the value is guessed as `spread` sqrt(value (whole - value)), as the interval of
    a share goes; `whole`: one, in the same unit; 0 for a column that holds no shares, where the guess is 0. How much
    farther the upper end is gets guessed as `lean` times that distance. Stored are the differences from the guesses,
    null for a row without an interval. The script makes the same guesses: a product and a root are the same doubles on
    every machine, and halves are rounded up.
    """
    known = [
        (value, value - end[0], end[0] + end[1] - 2 * value)
        for value, end in zip(values, ends, strict=True)
        if value is not None and end is not None
    ]
    roots = [(below, math.sqrt(value * (whole - value))) for value, below, _ in known if 0 < value < whole]
    spread = float(f"{statistics.median(below / root for below, root in roots):.6g}") if roots else 0.0
    squares = sum(below * below for _, below, _ in known)
    lean = float(f"{sum(below * skew for _, below, skew in known) / squares:.6g}") if squares else 0.0
    below_left: list[int | None] = []
    skew_left: list[int | None] = []
    for value, end in zip(values, ends, strict=True):
        if value is None or end is None:
            below_left.append(None)
            skew_left.append(None)
            continue
        below = value - end[0]
        below_left.append(below - guessed_distance(value, spread, whole))
        skew_left.append(end[0] + end[1] - 2 * value - rounded(lean * below))
    return {"below": below_left, "skew": skew_left, "spread": spread, "lean": lean, "whole": whole}


def guessed_distance(value: int, spread: float, whole: int) -> int:
    """Of the lower end from the value; 0 outside (0, whole)."""
    return rounded(spread * math.sqrt(value * (whole - value))) if 0 < value < whole else 0


def rounded(value: float) -> int:
    """To the nearest whole number, halves up."""
    return math.floor(value + 0.5)
