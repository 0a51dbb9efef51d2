"""The best score over time: who counts, where the steps are, and when there is nothing to show."""

from __future__ import annotations

import dataclasses
import datetime
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from synthetic import HOSTILE_TITLES, Method, add, attest, write_task

from benchmark.documents import Record, Task
from leaderboard.best_over_time import SHOWN, best_over_time, scored_on
from leaderboard.collect import collect
from leaderboard.plot import Plot
from leaderboard.rows import Row, Table, tables
from leaderboard.scatter import LEFT, RIGHT, WIDTH

DAYS = ("2026-01-01", "2026-01-11", "2026-01-11", "2026-01-31")


class Board:
    def __init__(self, folder: Path) -> None:
        self.folder, self.task = folder, write_task(folder / "tasks")

    def add(self, name: str, skill: float, day: str, **more: str) -> Record:
        method = Method(name, more.pop("title", name), skill, 1, started=day, **more)
        return add(self.folder / "submissions", self.task, method, images=200, said="measured")

    @property
    def table(self) -> Table:
        folder = self.folder
        entries = collect([folder / "submissions"], folder / "tasks", folder / "none").entries[self.task.id, 1]
        return tables(self.task, entries)[0]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """Good, better on the next day, worse on that day, best on the last."""
    made = Board(tmp_path)
    for name, skill, day in zip(("first", "better", "worse", "best"), (0.0, 1.0, -1.0, 2.0), DAYS, strict=True):
        made.add(name, skill, f"{day}T23:59:59+00:00")
    return made


def read(plot: Plot) -> ElementTree.Element:
    return ElementTree.fromstring(str(plot.drawing))


def dots(drawn: ElementTree.Element) -> dict[str, tuple[float, float, str]]:
    """Name of the submission -> place and class of its dot."""
    found = {}
    for link in drawn.iter("a"):
        (circle,) = link.iter("circle")
        name = (link.get("href") or "").rpartition("/")[2].removesuffix(".html")
        found[name] = (float(circle.get("cx", "")), float(circle.get("cy", "")), circle.get("class") or "")
    return found


def steps(drawn: ElementTree.Element) -> list[tuple[float, float]]:
    """The corners of the line, one by one."""
    (path,) = [path for path in drawn.iter("path") if "pareto" in (path.get("class") or "")]
    x = y = 0.0
    corners = []
    for kind, first, second in re.findall(r"([MHV])([\d.]+)(?: ([\d.]+))?", path.get("d", "")):
        x = float(first) if kind in "MH" else x
        y = float(second) if kind == "M" else float(first) if kind == "V" else y
        corners.append((x, y))
    return corners


def lower_is_better(task: Task, rows: tuple[Row, ...]) -> tuple[Task, tuple[Row, ...]]:
    return task.model_copy(update={"primary": task.primary.model_copy(update={"higher_is_better": False})}), rows[::-1]


def test_dots_stand_on_their_days_and_the_line_steps_at_each_improvement(board: Board) -> None:
    drawn = read(best_over_time(board.task, board.table.rows))
    found = dots(drawn)
    share = 0.06  # of room beside the first and the last day
    for name, day in zip(("first", "better", "worse", "best"), DAYS, strict=True):
        days = (datetime.date.fromisoformat(day) - datetime.date.fromisoformat(DAYS[0])).days
        across = (days / 30 + share) / (1 + 2 * share)
        assert found[name][0] == pytest.approx(LEFT + across * (WIDTH - RIGHT - LEFT), abs=0.01)
    assert {name: kind for name, (_, _, kind) in found.items()} == {
        "first": "dot",
        "better": "dot",
        "worse": "hollow",
        "best": "dot",
    }
    (x1, y1, _), (x2, y2, _), (x3, y3, _) = (found[name] for name in ("first", "better", "best"))
    assert y1 > y2 > y3  # upwards on the page
    assert steps(drawn) == [
        pytest.approx(corner, abs=0.06) for corner in ((x1, y1), (x2, y1), (x2, y2), (x3, y2), (x3, y3), (x3, y3))
    ]


def test_the_line_goes_down_where_lower_is_better(board: Board) -> None:
    plot = best_over_time(*lower_is_better(board.task, board.table.rows))
    drawn = read(plot)
    found = dots(drawn)
    assert {name for name, (_, _, kind) in found.items() if kind == "dot"} == {"first", "worse"}
    heights = [y for _, y in steps(drawn)]
    assert heights[0] == pytest.approx(found["first"][1], abs=0.06)
    assert heights[-1] == pytest.approx(found["worse"][1], abs=0.06)
    assert steps(drawn)[-1][0] == pytest.approx(found["best"][0], abs=0.06)  # what was best stays best
    assert "lowest score so far" in plot.caption


def test_one_day_says_nothing(tmp_path: Path) -> None:
    board = Board(tmp_path)
    assert not best_over_time(board.task, ())
    for index in range(3):
        board.add(f"net-{index}", index - 1.0, f"2026-01-01T0{index}:00:00Z")
        assert not best_over_time(board.task, board.table.rows)


def test_a_superseded_record_does_not_count(board: Board) -> None:
    old = board.add("old", 3.0, "2025-12-01T00:00:00Z", team="Us", method="ours")
    assert "old" in dots(read(best_over_time(board.task, board.table.rows)))
    new = board.add("new", 0.5, "2026-02-10T00:00:00Z", team="Us", method="ours")
    attest(board.folder / "submissions", "new", new.id, "supersedes", supersedes=old.id)
    found = dots(read(best_over_time(board.task, board.table.rows)))
    assert set(found) == {"first", "better", "worse", "best", "new"}
    assert found["best"][2] == "dot"
    assert found["new"][2] == "hollow"


def test_equal_scores_are_no_step(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.add("early", 1.0, "2026-01-01T00:00:00Z")
    board.add("late", 1.0, "2026-01-05T00:00:00Z")
    rows = board.table.rows
    assert len(rows) == 1  # an equal one folds; put beside it by hand
    later = dataclasses.replace(rows[0], entry=dataclasses.replace(rows[0].entry, record=moved(rows[0], DAYS[3])))
    drawn = read(best_over_time(board.task, (*rows, later)))
    assert len({y for _, y in steps(drawn)}) == 1


def moved(row: Row, day: str) -> Record:
    record = row.entry.record
    return record.model_copy(update={"run": record.run.model_copy(update={"started": day})})


def test_a_day_that_cannot_be_read_is_left_out_and_said(board: Board) -> None:
    rows = board.table.rows
    odd = [
        dataclasses.replace(row, entry=dataclasses.replace(row.entry, record=moved(row, day)))
        for row, day in zip(rows, ("yesterday", "2026-13-45", "2026-01-02", "0001-01-01"), strict=True)
    ]
    assert [scored_on(row) is None for row in odd] == [True, True, False, False]
    plot = best_over_time(board.task, odd)
    assert "2 rows without a readable day are left out" in plot.caption
    assert len(dots(read(plot))) == 2
    assert not best_over_time(board.task, odd[:3])


def test_a_long_table_draws_its_first_rows_and_every_step(board: Board) -> None:
    rows = board.table.rows
    first = next(row for row in rows if row.entry.name == "first")
    last = datetime.date(2026, 3, 1).isoformat()
    best = [dataclasses.replace(row, entry=dataclasses.replace(row.entry, record=moved(row, last))) for row in rows[:1]]
    plot = best_over_time(board.task, (*best * 3000, first))
    drawn = read(plot)
    assert len(list(drawn.iter("circle"))) == SHOWN + 1
    assert len({y for _, y in steps(drawn)}) == 2
    assert f"the first {SHOWN} of 3,001 ranked rows" in plot.caption


def test_hostile_titles_are_text(tmp_path: Path) -> None:
    board = Board(tmp_path)
    for index, title in enumerate(HOSTILE_TITLES):
        board.add(f"net-{index}", index / 4 - 1, f"2026-01-{index + 1:02}T00:00:00Z", title=title)
    drawn = read(best_over_time(board.task, board.table.rows))
    assert not list(drawn.iter("script"))
    said = {(link.get("aria-label") or "").rpartition(":")[0] for link in drawn.iter("a")}
    assert said == {row.entry.submission.title for row in board.table.rows}
    assert len(said) > 5
