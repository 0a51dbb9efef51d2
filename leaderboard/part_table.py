"""A table of the parts of one record: plain cells that the template only has to place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from leaderboard.numbers import MISSING, plain

EMPTY = Markup("")


@dataclass(frozen=True)
class PartColumn:
    title: str
    about: str = ""
    """One sentence, shown on hover."""
    best: Literal["high", "low", "text", ""] = ""
    """Which end sorts first; empty for a column that does not sort."""
    number: bool = True


@dataclass(frozen=True)
class PartCell:
    text: str
    sort: float | None = None
    interval: str = ""
    drawing: Markup = EMPTY


@dataclass(frozen=True)
class PartRow:
    name: str
    cells: tuple[PartCell, ...]
    mark: str = ""


@dataclass(frozen=True)
class PartTable:
    title: str
    caption: str
    first: str
    """Head of the column of names."""
    columns: tuple[PartColumn, ...]
    rows: tuple[PartRow, ...]
    wide: bool = False
    """Whether it needs the page's full width."""
    folded: bool = False
    """Whether the page hides it until it is asked for; wide tables only."""


def share_cell(values: Mapping[str, float], key: str, *, interval: bool = False, digits: int = 2) -> PartCell:
    """A share in percent, with the interval `lower` to `upper` of the same values where asked; a dash where missing."""
    value = values.get(key)
    if value is None:
        return PartCell(MISSING)
    bounds = ""
    if interval and "lower" in values and "upper" in values:
        bounds = f"[{plain(100 * values['lower'], digits)}, {plain(100 * values['upper'], digits)}]"
    return PartCell(plain(100 * value, digits), value, bounds)


def count_cell(values: Mapping[str, float], key: str = "n") -> PartCell:
    """A whole number; a dash where missing."""
    value = values.get(key)
    return PartCell(MISSING) if value is None else PartCell(plain(value, 0), value)
