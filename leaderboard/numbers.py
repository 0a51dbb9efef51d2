"""Numbers as text: as many digits as the interval supports, the same for all cells of a column."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.documents import Metric, Score

MINUS = "\N{MINUS SIGN}"
MISSING = "\N{EN DASH}"
POINTS_A_HUNDREDTH = 2.0
"""Narrower intervals than this, in percentage points, support a second decimal."""

SMALLEST_OF_TWO_DIGITS = 0.005
"""Smaller numbers are 0.00 with two decimals."""


@dataclass(frozen=True)
class Shown:
    """One number as the page shows it: `71.3` and `[70.6, 72.0]`; without an interval the second is empty."""

    value: str
    interval: str = ""

    @property
    def text(self) -> str:
        return f"{self.value} {self.interval}".rstrip()


def factor(metric: Metric) -> float:
    """What a value is multiplied by to be shown: shares as percentages, differences of shares as points."""
    return 100.0 if metric.unit in ("share", "points") else 1.0


def unit_sign(metric: Metric) -> str:
    """The unit for a column's head: `%` for shares and percentages, `points`, nothing for ratios, counts and bytes."""
    return {"share": "%", "percent": "%", "points": "points"}.get(metric.unit, "")


def decimals(metric: Metric, scores: Iterable[Score | None]) -> int:
    """Digits after the point for a column: 2 where some interval is narrower than 2 points or there is none, else 1.

    Where there is none, and two digits would show a value above 0 as 0, it is 3: the smallest p-value that a thousand
    permutations can give is 0.001.
    """
    if metric.unit in ("count", "bytes"):
        return 0
    known = [score for score in scores if score is not None]
    widths = [
        factor(metric) * (score.upper - score.lower)
        for score in known
        if score.lower is not None and score.upper is not None
    ]
    if widths:
        return 1 if min(widths) >= POINTS_A_HUNDREDTH else 2
    return 3 if any(0 < factor(metric) * score.value < SMALLEST_OF_TWO_DIGITS for score in known) else 2


def show(metric: Metric, score: Score | None, digits: int) -> Shown:
    """A score in the metric's unit; a missing one is a dash, never 0."""
    if score is None:
        return Shown(MISSING)
    value = number(score.value, metric, digits)
    if score.lower is None or score.upper is None:
        return Shown(value)
    return Shown(value, f"[{number(score.lower, metric, digits)}, {number(score.upper, metric, digits)}]")


def axis_title(metric: Metric) -> str:
    """A metric's title with its unit, as it stands along an axis: `Mean accuracy (%)`."""
    unit = unit_sign(metric)
    return f"{metric.title} ({unit})" if unit else metric.title


def number(value: float, metric: Metric, digits: int) -> str:
    """A value in the metric's unit, with a true minus sign."""
    if metric.unit == "bytes":
        return byte_count(value)
    return plain(factor(metric) * value, digits)


def plain(value: float, digits: int) -> str:
    """A number with that many decimals and thousands separators; what rounds to zero has no sign."""
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        text = MINUS + text[1:] if text.strip("-0.,") else text[1:]
    return text


def signed(value: float, digits: int, *, spaced: bool = False) -> str:
    """A number with its sign, `+1.30`; with a space behind the sign for the second term of a sum, and none before 0."""
    text = plain(abs(value), digits)
    if not text.strip("0.,"):
        return text
    return f"{'+' if value > 0 else MINUS}{' ' if spaced else ''}{text}"


def byte_count(value: float) -> str:
    """Bytes in the largest decimal unit that leaves a number of at least 1."""
    for unit in ("B", "kB", "MB"):
        if abs(value) < 1000:
            return f"{value:,.{0 if unit == 'B' else 1}f} {unit}"
        value /= 1000
    return f"{value:,.1f} GB"


def ranges(ranks: Iterable[int]) -> str:
    """Whole numbers as ranges: 2, 3, 4, 7 -> `2\N{EN DASH}4, 7`."""
    return ", ".join(
        f"{first}" if first == last else f"{first}{MISSING}{last}" for first, last in first_and_last(ranks)
    )


def first_and_last(ranks: Iterable[int]) -> list[tuple[int, int]]:
    """Whole numbers as the ends of their ranges: 2, 3, 4, 7 -> (2, 4), (7, 7)."""
    runs: list[tuple[int, int]] = []
    for rank in sorted(set(ranks)):
        if runs and rank == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], rank)
        else:
            runs.append((rank, rank))
    return runs
