from __future__ import annotations

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from leaderboard.export import csv_text, json_text, tied_ranks
from leaderboard.ranking import Place


def test_round_trip_of_hostile_text() -> None:
    records = [{"name": 'a "quoted", comma\nline', "value": 0.1 + 0.2, "none": None, "list": ["a", "b"]}]
    (row,) = csv.DictReader(io.StringIO(csv_text(records), newline=""))
    assert row == {"name": 'a "quoted", comma\nline', "value": "0.30000000000000004", "none": "", "list": "a; b"}
    assert json.loads(json_text(records)) == records


@given(st.text())
def test_no_cell_is_a_formula(title: str) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_text([{"title": title, "n": -1.5}]), newline=""))
    assert not row["title"].startswith(("=", "+", "-", "@"))
    assert row["title"].removeprefix("'") == title.removeprefix("'")
    assert row["n"] == "-1.5"


def test_no_rows() -> None:
    assert json.loads(json_text([])) == []


def test_ties_are_ranges_of_ranks() -> None:
    ranks = [1, 2, 3, 3, 5, 6, 7]
    assert tied_ranks(Place(1, 1, 6, (1, 2, 3, 5)), ranks) == ["2 to 3", "6"]
    assert tied_ranks(Place(3, 3, 3, (3,)), ranks) == ["3"], "a row of equal score has the same rank"
    assert tied_ranks(Place(7, 7, 7, ()), ranks) == []
    assert tied_ranks(None, ranks) == []


def test_ties_of_a_long_table_stay_small() -> None:
    count = 10_000
    everyone = Place(5000, 1, count, tuple(position for position in range(count) if position != 4999))
    assert tied_ranks(everyone, range(1, count + 1)) == ["1 to 4999", "5001 to 10000"]
