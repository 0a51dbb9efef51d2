"""The rows of a long table as compact data inside its page: numbers by column, for the script to draw."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from leaderboard.marks import Mark
from leaderboard.missing import why_missing
from leaderboard.packed_numbers import packed_intervals, packed_values
from leaderboard.svg import Scale

if TYPE_CHECKING:
    from leaderboard.task_view import Cell, Column, RowView

Json = dict[str, Any]


class Numbered:
    """Things that occur again and again, each written once and named by its number."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def __call__(self, item: Any) -> int:
        return self.numbers.setdefault(item, len(self.numbers))

    @property
    def items(self) -> list[Any]:
        return list(self.numbers)


def island(columns: Sequence[Column], rows: Sequence[RowView], axis: Scale | None, *, places: bool) -> Markup:
    """All rows as one JSON object, safe inside a `<script>` element.

    Numbers are whole, in units of the last digit that their column shows, and packed (`packed_numbers`). Ranks are
    steps from row to row, the ranks a row may hold are distances from its own, and tied ranks are left out where they
    are those. So a row costs about as many bytes as its digits carry information.
    """
    kinds, statuses, marks = Numbered(), Numbered(), Numbered()
    found: Json = {
        "key": [_short_key(row.key, row.row.entry.submission.title) for row in rows],
        "title": [row.row.entry.submission.title for row in rows],
        "team": [row.row.entry.submission.team for row in rows],
        "kind": [kinds(row.kind) for row in rows],
        "status": [statuses(row.status) for row in rows],
        "mark": [[marks(mark) for mark in row.marks] for row in rows],
        "columns": _columns(columns, rows, places=places),
        "axis": _axis(columns[0], axis) if axis is not None else None,
    }
    found |= {
        "kinds": kinds.items,
        "statuses": [_mark(mark) for mark in statuses.items],
        "marks": [_mark(mark) for mark in marks.items],
    }
    return json_island(found)


def json_island(content: Json) -> Markup:
    """A JSON object for a data element of a page: no `<` in it, so that no text can end the element."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))  # valid JSON without markup needs no escaping in a script element


def _short_key(key: str, title: str) -> str:
    """The key with a star for its part that the title says already; no key has a star of its own."""
    said = re.sub("[^a-z0-9._-]+", "-", title.lower())
    return f"*{key[len(said) :]}" if said and key.startswith(said) else key


def _mark(mark: Mark) -> Json:
    return {"label": mark.label, "text": mark.text, "tone": mark.tone}


def _axis(primary: Column, axis: Scale) -> Json:
    steps = primary.factor * 10**primary.digits
    return {"low": steps * axis.low, "high": steps * axis.high, "start": axis.start, "stop": axis.stop}


def _steps(column: Column, value: float) -> int:
    """A value in units of the last digit shown, rounded as it is shown."""
    return round(round(column.factor * value, column.digits) * 10**column.digits)


def _columns(columns: Sequence[Column], rows: Sequence[RowView], *, places: bool) -> list[Json]:
    """One object a column of the page, in its order."""
    found: list[Json] = [{}]  # the names
    if places:
        found.insert(0, {"steps": _differences([row.row.place.rank for row in rows if row.row.place])})
    for index, column in enumerate(columns):
        found.append(_numbers(column, [row.cells[index] for row in rows]))
        if column.primary and places:
            placed = [row.row.place for row in rows if row.row.place]
            better, worse = (
                [place.rank - place.lower for place in placed],
                [place.upper - place.rank for place in placed],
            )
            found.append({"better": better, "worse": worse})
            found.append({"tied": [None if row.tied_with == row.rank_range else row.tied_with for row in rows]})
    if not places:
        found.append({"text": [row.row.reason for row in rows]})
    return found


def _differences(values: Sequence[int]) -> list[int]:
    """Each value less the one before it, the first less 0: small numbers where the values rise slowly."""
    return [value - before for before, value in zip([0, *values], values, strict=False)]


def _numbers(column: Column, cells: Sequence[Cell]) -> Json:
    values = [None if cell.sort is None else _steps(column, cell.sort) for cell in cells]
    found: Json = {"digits": column.digits, "factor": column.factor, **packed_values(values)}
    if None in values:
        found["why"] = why_missing(column.metric)
    if any(cell.ends for cell in cells):
        found |= packed_intervals(
            values,
            [
                None if cell.ends is None else (_steps(column, cell.ends[0]), _steps(column, cell.ends[1]))
                for cell in cells
            ],
            whole=column.factor * 10**column.digits if column.metric.unit == "share" else 0,
        )
    if any(cell.runs for cell in cells):
        found["runs"] = [cell.runs for cell in cells]
    return found
