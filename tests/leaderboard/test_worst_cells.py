from __future__ import annotations

from leaderboard.worst_cells import SHOWN, worst_cells

CELLS = {f"fog/{severity}": {"accuracy": 0.9 - 0.1 * severity} for severity in range(1, 6)}


def test_lowest_first_and_ties_in_order() -> None:
    cells = {"clean": {"accuracy": 0.95}, "snow/2": {"accuracy": 0.4}, **CELLS, "frost/3": {"accuracy": 0.4}}
    found = worst_cells(cells)
    assert found is not None
    assert found.clean == "95.0"
    assert found.of == "7 cells, 3 corruptions at 5 severities"
    shown = [(cell.corruption, cell.severity, cell.accuracy) for cell in found.cells]
    assert shown == [
        ("snow", "2", "40.0"),
        ("fog", "5", "40.0"),
        ("frost", "3", "40.0"),
        ("fog", "4", "50.0"),
        ("fog", "3", "60.0"),
    ]


def test_what_they_are_the_worst_of() -> None:
    names = ["fog", "snow", "frost", "rain", "hail", "sleet"]
    reduced = worst_cells({f"{name}/3": {"accuracy": 0.5} for name in names})
    grid = worst_cells({f"{name}/{level}": {"accuracy": 0.5} for name in names for level in (1, 2)})
    assert reduced is not None
    assert grid is not None
    assert reduced.of == "6 corruptions at severity 3"
    assert grid.of == "6 corruptions at 2 severities"


def test_few_cells_and_cells_of_other_kinds() -> None:
    assert len(CELLS) == SHOWN
    assert worst_cells(CELLS) is None, "a list of all cells says nothing that the table does not"
    others = {"patch:fog": {"accuracy": 0.1}, "octave:1-2/0": {"accuracy": 0.0}, "snow/1": {"loss": 2.0}}
    assert worst_cells({**CELLS, **others}) is None
    found = worst_cells({**CELLS, **others, "snow/2": {"accuracy": 1.0}})
    assert found is not None
    assert found.clean == ""
    assert {cell.corruption for cell in found.cells} == {"fog"}


def test_no_cells() -> None:
    assert worst_cells({}) is None
