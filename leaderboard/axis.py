"""An axis of a drawing: where a value lies on it, and which round numbers stand beside it."""

from __future__ import annotations

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
    """From the lowest to the highest value with a little room, drawn from `start` to `stop`."""

    def __init__(self, values: Iterable[float], start: float, stop: float, *, logits: bool = False) -> None:
        """values: in the unit shown; percentages where `logits` spreads them by their log odds."""
        self.logits = logits
        placed = [self.place(value) for value in values]
        self.scale = Scale(*padded(min(placed), max(placed)), start, stop)

    def place(self, value: float) -> float:
        """The value on the scale that the axis draws evenly."""
        return logit(value) if self.logits else value

    def value(self, place: float) -> float:
        """The value at a place of that scale."""
        return percent_of_logit(place) if self.logits else place

    def __call__(self, value: float) -> float:
        """Where the value is drawn."""
        return self.scale(self.place(value))

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest value that is drawn."""
        return self.value(self.scale.low), self.value(self.scale.high)

    def ticks(self) -> list[float]:
        """Round numbers inside the axis, ascending; a logit axis over a narrow range has evenly spaced ones."""
        low, high = self.ends
        if not self.logits:
            return ticks(low, high)
        for values in LOGIT_TICKS:
            inside = sorted({value for value in values if low <= value <= high})
            if len(inside) >= FEWEST_TICKS:
                return inside
        return ticks(low, high)
