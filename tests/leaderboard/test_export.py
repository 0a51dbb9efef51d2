from __future__ import annotations

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from leaderboard.export import csv_text, json_text


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
