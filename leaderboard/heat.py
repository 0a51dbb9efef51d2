"""A record's numbers by two keys as heat tables: corruptions and severities, classes and groups."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
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


@dataclass(frozen=True)
class HeatTable:
    title: str
    caption: str
    first: str
    """Head of the column of names."""
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
    rest: dict[str, float] = {}
    for key, values in cells.items():
        if metric not in values:
            continue
        if match := _CELL.match(key):
            grid.setdefault(match["name"], {})[match["level"]] = values[metric]
        else:
            rest[key] = values[metric]
    levels = {level: None for by_level in grid.values() for level in by_level}
    columns = sorted(levels, key=lambda level: (0, int(level), "") if level.isdecimal() else (1, 0, level))
    return heat_table(
        f"{words(metric).capitalize()} by severity",
        grid,
        columns,
        first="Corruption",
        rest=rest,
        higher_is_better=higher_is_better,
    )


def words(name: str) -> str:
    return name.replace("_", " ")


def heat_table(
    title: str,
    grid: Mapping[str, Mapping[str, float]],
    columns: Sequence[str],
    *,
    first: str,
    mean: bool = True,
    rest: Mapping[str, float] | None = None,
    higher_is_better: bool = True,
) -> HeatTable:
    """A table of numbers by row and column, coloured where all are shares; a cell without a number is a dash.

    first: head of the column of row names. mean: whether a last column holds the mean of each row's numbers. rest:
    numbers of neither row nor column.
    """
    values = [value for by_level in grid.values() for value in by_level.values()] + list((rest or {}).values())
    shares = all(0 <= value <= 1 for value in values)

    def cell(value: float | None) -> HeatCell:
        return (
            _share(value, higher_is_better) if shares else HeatCell(MISSING if value is None else f"{value:.4g}", None)
        )

    rows = tuple(
        HeatRow(
            name,
            (
                *(cell(by_level.get(level)) for level in columns),
                *([cell(math.fsum(by_level.values()) / len(by_level))] if mean else ()),
            ),
        )
        for name, by_level in grid.items()
    )
    caption = title + (", in %. More colour is worse." if shares else ".")
    return HeatTable(
        title,
        caption,
        first,
        (*columns, "mean") if mean else tuple(columns),
        rows,
        tuple((name, cell(value)) for name, value in (rest or {}).items()),
    )


def _share(value: float | None, higher_is_better: bool) -> HeatCell:
    if value is None:
        return HeatCell(MISSING, None)
    error = min(max(1 - value if higher_is_better else value, 0.0), 1.0)
    return HeatCell(plain(100 * value, 1), round(LEVELS * error**COLOUR_EXPONENT))
