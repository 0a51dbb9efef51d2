"""The data of a long table: it gives back every number as the page would show it, and ends no script element."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from synthetic import HOSTILE_TITLES, Method, add, many, write_task

from leaderboard import task_view
from leaderboard.collect import collect
from leaderboard.numbers import plain
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


def test_numbers_are_those_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, part = views(tmp_path, monkeypatch)
    assert not whole.island
    assert [row.key for row in part.rows] == [row.key for row in whole.rows[:3]]
    island = json.loads(part.island)
    numeric = [column for column in island["columns"] if "digits" in column]
    assert len(numeric) == len(whole.columns)
    for index, column in enumerate(numeric):
        for place, row in enumerate(whole.rows):
            shown, steps = row.cells[index].shown, column["value"][place]
            if steps is None:
                assert row.cells[index].sort is None
                continue
            assert plain(steps / 10 ** column["digits"], column["digits"]) == shown.value
            if shown.interval:
                low = steps - column["below"][place]
                high = steps + column["below"][place] + column["skew"][place]
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
