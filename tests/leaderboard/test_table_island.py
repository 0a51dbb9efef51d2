"""The data of a long table: it gives back every number as the page would show it, and ends no script element."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import HOSTILE_TITLES, Method, add, many, write_task

from benchmark.statistics import wilson_interval
from leaderboard import task_view
from leaderboard.collect import collect
from leaderboard.numbers import plain
from leaderboard.packed_numbers import ALPHABET, guessed_distance, packed_intervals, packed_values, rounded
from leaderboard.rows import tables
from leaderboard.table_island import json_island
from leaderboard.task_view import TableView, table_view


def views(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[TableView, TableView]:
    """The same table as a whole and as an island."""
    task = write_task(folder / "tasks")
    many(folder / "submissions", task, 20, images=60)
    add(folder / "submissions", task, Method("big-net-7", "Big net", 0.5, 99), images=60, said="measured")
    entries = collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1]
    (table,) = tables(task, entries)
    whole = table_view(task, table)
    monkeypatch.setattr(task_view, "COMPLETE_ROWS", 10)
    monkeypatch.setattr(task_view, "FIRST_ROWS", 3)
    return whole, table_view(task, table)


def values_of(column: dict) -> list[int | None]:
    """The numbers of a column, as the script gets them."""
    text, width = column["digits90"], column["width"]
    found: list[int | None] = []
    for start in range(0, len(text), width):
        number = 0
        for sign in text[start : start + width]:
            number = number * len(ALPHABET) + max(ALPHABET.find(sign), 0)
        found.append(None if text[start] == " " else column["least"] + number)
    return found


@given(st.lists(st.none() | st.integers(-(10**9), 10**9)))
def test_packed_values_come_back(values: list) -> None:
    packed = packed_values(values)
    assert values_of(packed) == values
    assert json.dumps(packed["digits90"]) == f'"{packed["digits90"]}"'
    assert "<" not in packed["digits90"]


def unpacked(column: dict, place: int) -> tuple[int, int]:
    """The ends of an interval, as the script gets them."""
    value = column["value"][place]
    below = column["below"][place] + guessed_distance(value, column["spread"], column["whole"])
    return value - below, value + below + column["skew"][place] + rounded(column["lean"] * below)


@given(
    st.lists(
        st.none()
        | st.tuples(st.integers(-50, 10_050), st.none() | st.tuples(st.integers(0, 900), st.integers(0, 900))),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from([0, 10_000]),
)
def test_packed_intervals_come_back(rows: list, whole: int) -> None:
    values = [None if row is None else row[0] for row in rows]
    ends = [None if row is None or row[1] is None else (row[0] - row[1][0], row[0] + row[1][1]) for row in rows]
    column = {**packed_intervals(values, ends, whole), "value": values}
    for place, end in enumerate(ends):
        assert (column["below"][place] is None) == (column["skew"][place] is None) == (end is None)
        if end is not None:
            assert unpacked(column, place) == end


def test_wilsons_intervals_leave_next_to_nothing() -> None:
    hits = [100 * k for k in range(1, 100)]
    ends = [wilson_interval(k, 10_000) for k in hits]
    packed = packed_intervals(hits, [(round(1e4 * end.lower), round(1e4 * end.upper)) for end in ends], 10_000)
    assert max(abs(left) for left in packed["below"]) <= 2
    assert max(abs(left) for left in packed["skew"]) <= 5


def test_numbers_are_those_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, part = views(tmp_path, monkeypatch)
    assert not whole.island
    assert [row.key for row in part.rows] == [row.key for row in whole.rows[:3]]
    island = json.loads(part.island)
    numeric = [column | {"value": values_of(column)} for column in island["columns"] if "digits" in column]
    assert len(numeric) == len(whole.columns)
    for index, column in enumerate(numeric):
        for place, row in enumerate(whole.rows):
            shown, steps = row.cells[index].shown, column["value"][place]
            if steps is None:
                assert row.cells[index].sort is None
                continue
            assert plain(steps / 10 ** column["digits"], column["digits"]) == shown.value
            if shown.interval:
                low, high = unpacked(column, place)
                ends = [plain(end / 10 ** column["digits"], column["digits"]) for end in (low, high)]
                assert f"[{', '.join(ends)}]" == shown.interval


def test_ranks_and_names_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, part = views(tmp_path, monkeypatch)
    island = json.loads(part.island)
    steps, places, tied = (island["columns"][at] for at in (0, 3, 4))
    rank = 0
    for at, row in enumerate(whole.rows):
        rank += steps["steps"][at]
        place = row.row.place
        assert (place.rank, place.lower, place.upper) == (
            rank,
            rank - places["better"][at],
            rank + places["worse"][at],
        )
        assert row.tied_with == (row.rank_range if tied["tied"][at] is None else tied["tied"][at])
    short = dict(zip(island["title"], island["key"], strict=True))
    assert short["Big net"] == "*-7"
    assert set(HOSTILE_TITLES[:2]) <= set(short)


def test_nothing_ends_the_element() -> None:
    text = json_island({"a": "</script><!-- <script>"})
    assert "<" not in text
    assert json.loads(text) == {"a": "</script><!-- <script>"}
    with pytest.raises(ValueError, match="JSON"):
        json_island({"a": float("nan")})
