"""A record's cells as heat tables: one row a corruption, one column a severity."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leaderboard.numbers import MISSING, plain

LEVELS = 20
"""Steps of colour between no error and nothing but errors."""

COLOUR_EXPONENT = 0.7
"""Below 1 it spends more of the steps where models differ: between 2 and 50 % errors."""

_CELL = re.compile(r"^(?P<name>.+)/(?P<level>[^/]+)$")


@dataclass(frozen=True)
class HeatCell:
    """A number in percent as text, and its step of colour: 0 is faultless, 20 is all wrong; None for no number."""

    text: str
    step: int | None


@dataclass(frozen=True)
class HeatRow:
    name: str
    cells: tuple[HeatCell, ...]
    mean: HeatCell


@dataclass(frozen=True)
class HeatTable:
    metric: str
    higher_is_better: bool
    levels: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    rest: tuple[tuple[str, HeatCell], ...]
    """Cells without a level, for instance `clean`."""


def heat_tables(cells: Mapping[str, Mapping[str, float]], lower_is_better: Iterable[str] = ()) -> list[HeatTable]:
    """One table for each metric of the cells (shares in [0, 1]), in the order in which cells name the metrics.

    Keys of the form `name/level` make rows and columns, in the order given; other keys stand apart.
    """
    lower = set(lower_is_better)
    metrics = list(dict.fromkeys(metric for values in cells.values() for metric in values))
    return [_table(cells, metric, metric not in lower) for metric in metrics]


def _table(cells: Mapping[str, Mapping[str, float]], metric: str, higher_is_better: bool) -> HeatTable:
    grid: dict[str, dict[str, float]] = {}
    rest: list[tuple[str, HeatCell]] = []
    levels: list[str] = []
    for key, values in cells.items():
        if metric not in values:
            continue
        if match := _CELL.match(key):
            grid.setdefault(match["name"], {})[match["level"]] = values[metric]
            levels.append(match["level"])
        else:
            rest.append((key, _cell(values[metric], higher_is_better)))
    columns = sorted(set(levels), key=lambda level: (0, int(level), "") if level.isdecimal() else (1, 0, level))
    rows = tuple(
        HeatRow(
            name,
            tuple(_cell(by_level.get(level), higher_is_better) for level in columns),
            _cell(math.fsum(by_level.values()) / len(by_level), higher_is_better),
        )
        for name, by_level in grid.items()
    )
    return HeatTable(metric, higher_is_better, tuple(columns), rows, tuple(rest))


def _cell(value: float | None, higher_is_better: bool) -> HeatCell:
    if value is None:
        return HeatCell(MISSING, None)
    error = min(max(1 - value if higher_is_better else value, 0.0), 1.0)
    return HeatCell(plain(100 * value, 1), round(LEVELS * error**COLOUR_EXPONENT))
