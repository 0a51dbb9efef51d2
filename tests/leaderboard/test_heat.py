from __future__ import annotations

from leaderboard.heat import LEVELS, heat_table, heat_tables
from leaderboard.numbers import MISSING

CELLS = {
    "clean": {"accuracy": 0.9},
    "fog/1": {"accuracy": 1.0, "ece": 0.0},
    "fog/10": {"accuracy": 0.0, "ece": 1.0},
    "fog/2": {"accuracy": 0.5, "ece": 0.25},
    "a/b/1": {"accuracy": 0.8},
}


def test_rows_levels_and_cells_without_a_level() -> None:
    accuracy, ece = heat_tables(CELLS, lower_is_better=["ece"])
    assert accuracy.levels == ("1", "2", "10", "mean")
    assert [row.name for row in accuracy.rows] == ["fog", "a/b"]
    assert [cell.text for cell in accuracy.rows[0].cells] == ["100.0", "50.0", "0.0", "50.0"]
    assert [(name, cell.text) for name, cell in accuracy.rest] == [("clean", "90.0")]
    assert [row.name for row in ece.rows] == ["fog"]


def test_one_level_has_no_mean() -> None:
    (table,) = heat_tables({"fog/3": {"accuracy": 0.4}, "snow/3": {"accuracy": 0.6}})
    assert table.levels == ("3",)
    assert [len(row.cells) for row in table.rows] == [1, 1]


def test_missing_cell_has_no_colour() -> None:
    accuracy = heat_tables(CELLS)[0]
    assert [cell.step for cell in accuracy.rows[1].cells][1:-1] == [None, None]


def test_more_colour_is_worse_in_both_directions() -> None:
    accuracy, ece = heat_tables(CELLS, lower_is_better=["ece"])
    for table in (accuracy, ece):
        steps = [cell.step for cell in table.rows[0].cells[:-1]]
        assert steps[0] == 0
        assert steps[-1] == LEVELS
        assert steps == sorted(step for step in steps if step is not None)


def test_numbers_that_are_no_shares_stay_what_they_are() -> None:
    (table,) = heat_tables({"x/1": {"threshold": 0.125}, "x/2": {"threshold": 12.5}})
    assert [(cell.text, cell.step) for cell in table.rows[0].cells] == [
        ("0.125", None),
        ("12.5", None),
        ("6.312", None),
    ]
    assert "%" not in table.caption


def test_kinds_have_tables_of_their_own() -> None:
    cells = {
        "clean": {"accuracy": 0.9},
        "shift:up": {"accuracy": 0.8, "agreement": 0.85},
        "shift:down": {"accuracy": 0.7, "agreement": 0.75},
        "octave:1-2/0.5": {"accuracy": 0.6},
        "octave:1-2/0.05": {"accuracy": 0.65},
    }
    plain, shift, octave = heat_tables(cells)
    assert [(name, cell.text) for name, cell in plain.rest] == [("clean", "90.0")]
    assert plain.rows == ()
    assert (shift.title, shift.levels) == ("By shift", ("accuracy", "agreement"))
    assert [[cell.text for cell in row.cells] for row in shift.rows] == [["80.0", "85.0"], ["70.0", "75.0"]]
    assert (octave.title, octave.levels) == ("Accuracy by octave", ("0.05", "0.5"))
    assert [cell.text for cell in octave.rows[0].cells] == ["65.0", "60.0"]


def test_table_without_means() -> None:
    table = heat_table("By group", {"cat": {"red": 0.5}, "dog": {}}, ["red", "blue"], first="Class", mean=False)
    assert table.levels == ("red", "blue")
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["50.0", MISSING], [MISSING, MISSING]]


def test_no_cells() -> None:
    assert heat_tables({}) == []
