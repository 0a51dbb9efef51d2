from __future__ import annotations

from leaderboard.heat import LEVELS, heat_tables

CELLS = {
    "clean": {"accuracy": 0.9},
    "fog/1": {"accuracy": 1.0, "ece": 0.0},
    "fog/10": {"accuracy": 0.0, "ece": 1.0},
    "fog/2": {"accuracy": 0.5, "ece": 0.25},
    "a/b/1": {"accuracy": 0.8},
}


def test_rows_levels_and_cells_without_a_level() -> None:
    accuracy, ece = heat_tables(CELLS, lower_is_better=["ece"])
    assert accuracy.levels == ("1", "2", "10")
    assert [row.name for row in accuracy.rows] == ["fog", "a/b"]
    assert [cell.text for cell in accuracy.rows[0].cells] == ["100.0", "50.0", "0.0"]
    assert accuracy.rows[0].mean.text == "50.0"
    assert [(name, cell.text) for name, cell in accuracy.rest] == [("clean", "90.0")]
    assert [row.name for row in ece.rows] == ["fog"]


def test_missing_cell_has_no_colour() -> None:
    accuracy = heat_tables(CELLS)[0]
    assert [cell.step for cell in accuracy.rows[1].cells][1:] == [None, None]


def test_more_colour_is_worse_in_both_directions() -> None:
    accuracy, ece = heat_tables(CELLS, lower_is_better=["ece"])
    for table in (accuracy, ece):
        steps = [cell.step for cell in table.rows[0].cells]
        assert steps[0] == 0
        assert steps[-1] == LEVELS
        assert steps == sorted(step for step in steps if step is not None)


def test_no_cells() -> None:
    assert heat_tables({}) == []
