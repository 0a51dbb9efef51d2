"""A record's numbers by two keys as heat tables: corruptions and severities, classes and groups."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from leaderboard.numbers import MISSING, plain

LEVELS = 20
"""Steps of colour between no error and nothing but errors."""

COLOUR_EXPONENT = 0.7
"""Below 1 it spends more of the steps where models differ: between 2 and 50 % errors."""

_NUMBER = re.compile(r"^\d+(\.\d+)?$")
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

    @property
    def markup(self) -> Markup:
        """Its cells as HTML: there may be millions on a site, for which a template takes ten times as long."""
        return Markup("".join(_cell_markup(cell) for cell in self.cells))  # each of them is escaped


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
    """Tables of all cells, in the order in which the cells name their metrics and kinds.

    Keys `name/level` make rows and columns of one table a metric; keys `kind:name/level` the same for each kind; keys
    `kind:name` one table a kind with a column a metric; other keys stand apart. Numbers in [0, 1] are shares.
    """
    lower = set(lower_is_better)
    kinds: dict[str, dict[str, Mapping[str, float]]] = {"": {}}
    for key, values in cells.items():
        kind, separator, name = key.partition(":")
        kinds.setdefault(kind if separator else "", {})[name if separator else key] = values
    tables = _by_level(kinds.pop(""), lower, "severity", "Corruption")
    for kind, named in kinds.items():
        if any("/" in name for name in named):
            tables += _by_level(named, lower, words(kind), words(kind).capitalize(), mean=False)
        else:
            metrics = list(dict.fromkeys(metric for values in named.values() for metric in values))
            higher = not any(metric in lower for metric in metrics)
            title, first = f"By {words(kind)}", words(kind).capitalize()
            tables.append(heat_table(title, named, metrics, first=first, mean=False, higher_is_better=higher))
    return tables


def _by_level(
    cells: Mapping[str, Mapping[str, float]], lower: set[str], by: str, first: str, *, mean: bool = True
) -> list[HeatTable]:
    """One table a metric of the cells."""
    tables = []
    for metric in dict.fromkeys(metric for values in cells.values() for metric in values):
        grid: dict[str, dict[str, float]] = {}
        rest: dict[str, float] = {}
        for key, values in cells.items():
            if metric not in values:
                continue
            if match := _CELL.match(key):
                grid.setdefault(match["name"], {})[match["level"]] = values[metric]
            else:
                rest[key] = values[metric]
        columns = in_order({level: None for by_level in grid.values() for level in by_level})
        title, higher = f"{words(metric).capitalize()} by {by}", metric not in lower
        several = mean and len(columns) > 1  # the mean of one level is that level
        tables.append(heat_table(title, grid, columns, first=first, mean=several, rest=rest, higher_is_better=higher))
    return tables


def in_order(levels: Iterable[str]) -> list[str]:
    """Numbers ascending, then names in the order given."""

    def key(level: str) -> tuple[bool, float]:
        return (False, float(level)) if _NUMBER.match(level) else (True, 0.0)

    return sorted(levels, key=key)


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


@lru_cache(maxsize=100_000)
def _cell_markup(cell: HeatCell) -> Markup:
    if cell.text == MISSING:
        return Markup('<td class="number"><span class="missing" title="Not in this record">{}</span></td>').format(
            MISSING
        )
    colour = "" if cell.step is None else f" h{cell.step}"
    return Markup('<td class="number{}">{}</td>').format(colour, cell.text)


def _share(value: float | None, higher_is_better: bool) -> HeatCell:
    if value is None:
        return HeatCell(MISSING, None)
    error = min(max(1 - value if higher_is_better else value, 0.0), 1.0)
    return HeatCell(plain(100 * value, 1), round(LEVELS * error**COLOUR_EXPONENT))
