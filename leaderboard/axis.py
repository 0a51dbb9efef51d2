"""An axis of a drawing: where a value lies on it, and which round numbers stand beside it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable

from leaderboard.svg import Scale, padded, ticks

ENDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 90, 95, 98, 99, 99.5, 99.8, 99.9)
LOGIT_TICKS = (
    (*ENDS, 30, 50, 70),
    (*ENDS, *range(20, 90, 10)),
    (*ENDS, *range(15, 90, 5), 3, 4, 7, 93, 96, 97),
    (*ENDS, *range(4, 98, 2)),
    (*ENDS, *range(3, 98)),
)
"""Percentages, from few to many; a logit axis spreads the ends, so the steps get finer there."""

FEWEST_TICKS = 5

MOST_BYTE_TICKS = 8
"""More would touch each other on a phone."""
LEAST_BYTES, MOST_BYTES = 1.0, 1e18
"""Where less, which has no logarithm, and more, which nobody sends, are drawn."""
MOST_DATES = 4
"""Dates are longer than numbers."""
MOST_SINGLE_DAYS, MOST_MONTH_DAYS = 62, 3 * 366
"""Over more days than these, firsts of months are named, and beginnings of years."""

LEAST, MOST = 0.05, 99.95
"""Percent: where 0 and 100, which have no logit, are drawn."""


def logit(percent: float) -> float:
    """ln(p / (1 - p)) of a percentage; 0 and 100 count as 0.05 and 99.95."""
    share = min(max(percent, LEAST), MOST) / 100
    return math.log(share / (1 - share))


def percent_of_logit(value: float) -> float:
    """The percentage that has this logit."""
    return 100 / (1 + math.exp(-value))


class Axis:
    """From the lowest to the highest value with a little room, evenly, drawn from `start` to `stop`."""

    def __init__(self, values: Iterable[float], start: float, stop: float) -> None:
        """values: in the unit shown."""
        placed = [self.place(value) for value in values]
        self.scale = Scale(*padded(min(placed), max(placed)), start, stop)

    def place(self, value: float) -> float:
        """The value on the scale that the axis draws evenly."""
        return value

    def value(self, place: float) -> float:
        """The value at a place of that scale."""
        return place

    def __call__(self, value: float) -> float:
        """Where the value is drawn."""
        return self.scale(self.place(value))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest value that is drawn."""
        return self.value(self.scale.low), self.value(self.scale.high)

    def ticks(self) -> list[float]:
        """Round numbers inside the axis, ascending."""
        return ticks(*self.ends)

    def written(self, value: float) -> str:
        """A round number as it stands beside the axis."""
        return f"{value:g}"


class LogitAxis(Axis):
    """Percentages spread by their log odds."""

    def place(self, value: float) -> float:
        return logit(value)

    def value(self, place: float) -> float:
        return percent_of_logit(place)

    def ticks(self) -> list[float]:
        """Round percentages; over a narrow range evenly spaced ones."""
        low, high = self.ends
        for values in LOGIT_TICKS:
            inside = sorted({value for value in values if low <= value <= high})
            if len(inside) >= FEWEST_TICKS:
                return inside
        return ticks(low, high)


class ByteAxis(Axis):
    """Numbers of bytes by their logarithm: equal steps are equal factors."""

    def place(self, value: float) -> float:
        return math.log10(min(max(value, LEAST_BYTES), MOST_BYTES))

    def value(self, place: float) -> float:
        return 10.0**place

    def ticks(self) -> list[float]:
        """1, 2 and 5 times powers of ten; over a wide range fewer, over a narrow one evenly spaced numbers."""
        low, high = self.ends
        powers = range(math.floor(self.scale.low), math.ceil(self.scale.high) + 1)
        for multiples in ((1, 2, 5), (1,)):
            inside = [m * 10.0**power for power in powers for m in multiples if low <= m * 10.0**power <= high]
            if len(inside) <= MOST_BYTE_TICKS:
                return inside if len(inside) >= 2 else ticks(low, high)
        return inside[:: math.ceil(len(inside) / MOST_BYTE_TICKS)]

    def written(self, value: float) -> str:
        """For instance `500 B`, `1 kB`, `20 MB`."""
        for unit in ("B", "kB", "MB"):
            if value < 1000:
                return f"{value:g} {unit}"
            value /= 1000
        return f"{value:g} GB"


class DayAxis(Axis):
    """Days, as their numbers in the calendar (`datetime.date.toordinal`)."""

    def ticks(self) -> list[float]:
        """Days; over more than two months firsts of months, over more than three years new year's days."""
        low, high = self.ends
        first, last = max(math.ceil(low), 1), min(math.floor(high), datetime.date.max.toordinal())
        begin, end = datetime.date.fromordinal(first), datetime.date.fromordinal(last)
        if last - first <= MOST_SINGLE_DAYS:
            return [day for day in ticks(first, last, about=MOST_DATES - 1) if day == round(day)]
        if last - first > MOST_MONTH_DAYS:
            years = ticks(begin.year, end.year, about=MOST_DATES - 1)
            days = [datetime.date(round(year), 1, 1) for year in years if year == round(year) and year >= 1]
            return [float(day.toordinal()) for day in days if begin <= day]
        months = [
            datetime.date(year, month, 1)
            for year in range(begin.year, end.year + 1)
            for month in range(1, 13)
            if begin <= datetime.date(year, month, 1) <= end
        ]
        by_step = [[day for day in months if (day.month - 1) % step == 0] for step in (1, 2, 3, 6, 12)]
        found = next((days for days in by_step if len(days) <= MOST_DATES), by_step[-1])
        return [float(day.toordinal()) for day in found]

    def written(self, value: float) -> str:
        """As `2026-11-22`."""
        return datetime.date.fromordinal(round(value)).isoformat()
