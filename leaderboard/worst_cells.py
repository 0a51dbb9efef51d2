"""The cells of a record in which it is right least often."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass

from leaderboard.cells import Values
from leaderboard.numbers import plain

SHOWN = 5
_CELL = re.compile(r"^(?P<corruption>[^:]+)/(?P<severity>\d+)$")


@dataclass(frozen=True)
class WorstCell:
    corruption: str
    severity: str
    accuracy: str
    """In percent."""


@dataclass(frozen=True)
class WorstCells:
    cells: tuple[WorstCell, ...]
    """The lowest accuracy first."""
    of: str
    """Which cells these are the worst of, for instance `12 corruptions at severity 3`."""
    clean: str
    """Accuracy on the clean images in percent; empty where the record has none."""


def worst_cells(cells: Mapping[str, Values]) -> WorstCells | None:
    """The `SHOWN` cells `<corruption>/<severity>` of lowest accuracy; None where there are no more than those.

    Equal ones stand in the order of the record.
    """
    found = [
        (values["accuracy"], match["corruption"], match["severity"])
        for name, values in cells.items()
        if (match := _CELL.match(name)) and "accuracy" in values
    ]
    if len(found) <= SHOWN:
        return None
    lowest = sorted(found, key=lambda cell: cell[0])[:SHOWN]
    clean = cells.get("clean", {}).get("accuracy")
    return WorstCells(
        tuple(WorstCell(corruption, severity, _percent(accuracy)) for accuracy, corruption, severity in lowest),
        _counted({corruption for _, corruption, _ in found}, {severity for *_, severity in found}, len(found)),
        "" if clean is None else _percent(clean),
    )


def _counted(corruptions: Set[str], severities: Set[str], cells: int) -> str:
    """The cells in words; a grid with gaps is counted cell by cell."""
    what = f"{len(corruptions)} corruption{'' if len(corruptions) == 1 else 's'}"
    if len(severities) == 1:
        return f"{what} at severity {min(severities)}"
    grid = f"{what} at {len(severities)} severities"
    return grid if cells == len(corruptions) * len(severities) else f"{cells} cells, {grid}"


def _percent(share: float) -> str:
    return plain(100 * share, 1)
