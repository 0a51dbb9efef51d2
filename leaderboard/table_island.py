"""The rows of a long table as compact data inside its page: numbers by column, for the script to draw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from leaderboard.marks import Mark
from leaderboard.svg import Scale

if TYPE_CHECKING:
    from leaderboard.task_view import Cell, Column, RowView

Json = dict[str, Any]


class _Numbered:
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

    Numbers are whole, in units of the last digit that their column shows; ends of intervals are distances from the
    value. So a row costs about as many bytes as its digits carry information.
    """
    kinds, statuses, marks = _Numbered(), _Numbered(), _Numbered()
    found: Json = {
        "key": [row.key for row in rows],
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
        found.insert(0, {"value": [row.row.place.rank if row.row.place else None for row in rows]})
    for index, column in enumerate(columns):
        found.append(_numbers(column, [row.cells[index] for row in rows]))
        if column.primary and places:
            placed = [row.row.place for row in rows]
            lows, highs = (
                [place.lower if place else None for place in placed],
                [place.upper if place else None for place in placed],
            )
            found.append({"low": lows, "high": highs})
            found.append({"text": [row.tied_with or "none" for row in rows]})
    if not places:
        found.append({"text": [row.row.reason for row in rows]})
    return found


def _numbers(column: Column, cells: Sequence[Cell]) -> Json:
    values = [None if cell.sort is None else _steps(column, cell.sort) for cell in cells]
    found: Json = {"digits": column.digits, "factor": column.factor, "value": values}
    if any(cell.ends for cell in cells):
        ends = [
            None if value is None or cell.ends is None else [_steps(column, end) for end in cell.ends]
            for value, cell in zip(values, cells, strict=True)
        ]
        pairs = list(zip(values, ends, strict=True))
        found["below"] = [None if end is None or value is None else value - end[0] for value, end in pairs]
        found["above"] = [None if end is None or value is None else end[1] - value for value, end in pairs]
    if any(cell.runs for cell in cells):
        found["runs"] = [cell.runs for cell in cells]
    return found
