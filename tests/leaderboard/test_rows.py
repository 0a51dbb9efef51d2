from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic import SCALE, Method, add, attest, decisions_of, make_record, write_task

from benchmark.documents import Task
from leaderboard.collect import Collection, collect
from leaderboard.rows import Row, Table, tables

IMAGES = 2000


class Board:
    """A folder of records of one task, read the way the builder reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root, self.local = folder / "submissions", folder / "workspace" / "submissions"
        self.task = write_task(folder / "tasks")

    def add(self, name: str, skill: float = 0.0, *, said: str = "measured", local: bool = False, **more: Any) -> str:
        decisions = more.pop("decisions", None)
        method = Method(name=name, title=more.pop("title", name.title()), skill=skill, seed=more.pop("seed", 1), **more)
        root = self.local if local else self.root
        return add(root, self.task, method, images=IMAGES, decisions=decisions, said=said).id

    def read(self) -> Collection:
        return collect([self.root, self.local], self.folder / "tasks", self.folder / "reported")

    def tables(self) -> dict[str, Table]:
        found = tables(self.task, self.read().entries[self.task.id, 1])
        assert len({table.kind for table in found}) == len(found)
        return {table.kind: table for table in found}


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


def names(table: Table) -> list[str]:
    return [row.entry.name for row in table.rows]


def test_order_follows_the_value_then_the_title(board: Board) -> None:
    same = decisions_of(Method("x", "x", 0.5, 9), IMAGES)
    shuffled = np.random.default_rng(0).permutation(same)  # equal means, unequal decisions: not folded
    board.add("zebra", title="Alpha", decisions=shuffled)
    board.add("ant", title="Beta", decisions=same)
    board.add("best", 2.0, seed=4)
    ranked = board.tables()["ranked"]
    assert names(ranked) == ["best", "zebra", "ant"]
    assert [row.place.rank for row in ranked.rows if row.place] == [1, 2, 2]


def test_statuses_have_their_tables(board: Board) -> None:
    board.add("measured", 0.1, seed=1)
    board.add("reproduced", 0.2, seed=2, said="reproduced")
    board.add("claim", 3.0, seed=3, kind="predictions")
    board.add("alone", 2.0, seed=4, said="")
    board.add("void", 2.5, seed=5, said="void")
    board.add("gone", 2.4, seed=6, said="withdrawn")
    flag = {"name": "batch-dependent", "evidence": "12 decisions moved."}
    board.add("batch", 2.2, seed=7, flags=[flag])
    board.add("fast", 2.1, seed=8, tier="fast")  # `run`, which no id covers, says fp32
    found = board.tables()
    assert {kind: sorted(names(table)) for kind, table in found.items()} == {
        "ranked": ["measured", "reproduced"],
        "predictions": ["claim"],
        "batch-dependent": ["batch"],
        "unranked": ["alone", "fast"],
        "removed": ["gone", "void"],
    }
    reasons = {row.entry.name: row.reason for row in found["removed"].rows}
    assert reasons == {"void": "The weights were trained on the test split.", "gone": "A bug in <our> code."}
    assert all(row.place is None for kind in ("batch-dependent", "unranked", "removed") for row in found[kind].rows)
    assert found["predictions"].rows[0].place is not None


def test_a_quick_look_says_so_wherever_it_was_run(board: Board) -> None:
    board.add("quick", 0.1, seed=1, tier="quick", said="")
    (row,) = board.tables()["unranked"].rows
    assert row.reason.startswith("A quick look")
    assert "nobody else has run it yet" in row.reason


def test_one_row_per_team_and_method_is_the_newest(board: Board) -> None:
    board.add("old", 1.0, seed=1, team="Team  A", method="Net", started="2026-01-01T00:00:00Z")
    newest = board.add("new", 0.5, seed=2, team="team a", method="NET", started="2026-03-01T00:00:00Z")
    board.add("other", 0.2, seed=3, team="Team A", method="Another")
    found = board.tables()
    assert names(found["ranked"]) == ["new", "other"]
    (old,) = found["unranked"].rows
    assert old.about == "new"
    assert newest[:12] in old.reason


def test_a_newer_self_run_does_not_push_out_a_measured_row(board: Board) -> None:
    board.add("a", 1.0, seed=1, team="T", method="M", started="2026-01-01T00:00:00Z")
    board.add("b", 1.5, seed=2, team="T", method="M", started="2026-03-01T00:00:00Z", said="")
    found = board.tables()
    assert names(found["ranked"]) == ["a"]
    assert names(found["unranked"]) == ["b"]


def test_superseded_record_is_not_ranked(board: Board) -> None:
    older = board.add("a", 1.0, seed=1, team="T", method="M", started="2026-05-01T00:00:00Z")
    newer = board.add("b", 0.5, seed=2, team="T", method="M", started="2026-01-01T00:00:00Z")
    attest(board.root, "b", newer, "supersedes", supersedes=older, reason="The first was trained too short.")
    found = board.tables()
    assert names(found["ranked"]) == ["b"]
    (row,) = found["superseded"].rows
    assert row.entry.record.id == older
    assert row.reason == f"Record {newer[:12]} replaces it. The first was trained too short."
    attest(board.root, "b", newer, "supersedes", supersedes=older, by="others", reason="No: its labels were wrong.")
    (row,) = board.tables()["superseded"].rows
    assert row.reason == f"Record {newer[:12]} replaces it. No: its labels were wrong."


@pytest.mark.parametrize("kind", ["checkpoint", "predictions"])
def test_near_copies_fold_into_the_oldest_and_move_nobody(board: Board, kind: str) -> None:
    table = "ranked" if kind == "checkpoint" else "predictions"
    board.add("good", 1.0, seed=1, kind=kind, started="2026-01-01T00:00:00Z")
    board.add("weak", -0.5, seed=2, kind=kind)
    before = {row.entry.name: row.place for row in board.tables()[table].rows}
    original = decisions_of(Method("x", "x", 1.0, 1), IMAGES)
    for index in range(5):
        copy = original.copy()
        copy[: 2 + index] = SCALE  # a little better than the original
        board.add(f"copy-{index}", decisions=copy, kind=kind, team=f"Copier {index}", started="2026-02-01T00:00:00Z")
    found = board.tables()
    assert {row.entry.name: row.place for row in found[table].rows} == before
    assert sorted(names(found["folded"])) == [f"copy-{index}" for index in range(5)]
    assert {row.about for row in found["folded"].rows} == {"good"}
    assert next(row.folded for row in found[table].rows if row.entry.name == "good") == 5


def test_clear_and_open_leads(board: Board) -> None:
    board.add("first", 1.0, seed=1)
    board.add("second", 1.0, seed=2)
    board.add("last", -1.5, seed=3)
    places = {row.entry.name: row.place for row in board.tables()["ranked"].rows}
    assert {(place.lower, place.upper) for name, place in places.items() if place and name != "last"} == {(1, 2)}
    assert places["last"] is not None
    assert (places["last"].rank, places["last"].lower, places["last"].tied_with) == (3, 3, ())


def test_lower_is_better_turns_the_order_round(board: Board) -> None:
    board.add("low", -1.0, seed=1)
    board.add("high", 1.5, seed=2)
    primary = board.task.primary.model_copy(update={"higher_is_better": False})
    task: Task = board.task.model_copy(update={"primary": primary})
    (table,) = tables(task, board.read().entries[task.id, 1])
    assert names(table) == ["low", "high"]
    assert [(row.place.rank, row.place.upper) for row in table.rows if row.place] == [(1, 1), (2, 2)]


def test_replicates_with_other_scales_are_compared_exactly(board: Board) -> None:
    board.add("one", 1.0, seed=1)
    board.add("two", 0.5, seed=2)
    entries = board.read().entries[board.task.id, 1]
    tripled = [
        replace(entry, outcomes=replace(entry.outcomes, values=3 * entry.outcomes.values, scale=3 * SCALE))
        if entry.name == "two" and entry.outcomes is not None
        else entry
        for entry in entries
    ]
    plain, scaled = tables(board.task, entries), tables(board.task, tripled)
    assert [row.place for row in plain[0].rows] == [row.place for row in scaled[0].rows]


def test_local_records_are_self_runs_or_confirm_a_row(board: Board) -> None:
    board.add("shared", 1.0, seed=1)
    board.add("shared", 1.0, seed=1, said="", local=True, started="2026-09-09T00:00:00Z")
    board.add("mine", 2.0, seed=2, said="measured", local=True)  # nobody attests their own runs
    collection = board.read()
    assert collection.ignored_attestations == 1
    found = board.tables()
    (ranked,) = found["ranked"].rows
    assert ranked.entry.repeated_here
    assert not ranked.entry.local
    (mine,) = found["unranked"].rows
    assert (mine.entry.name, mine.status, mine.entry.local) == ("mine", "self-run", True)


def test_a_local_run_that_differs_says_so(board: Board) -> None:
    committed = board.add("shared", 1.0, seed=1)
    board.add("shared", 1.0, seed=2, said="", local=True)
    found = board.tables()
    assert not found["ranked"].rows[0].entry.repeated_here
    assert f"differs from the repository's record {committed[:12]}" in found["unranked"].rows[0].reason


def test_a_local_quick_look_is_no_repetition_that_differs(board: Board) -> None:
    board.add("shared", 1.0, seed=1)
    board.add("shared", 1.0, seed=2, said="", local=True, tier="quick")
    (row,) = board.tables()["unranked"].rows
    assert row.reason.startswith("A quick look")
    assert "differs" not in row.reason


def test_every_record_has_one_row(board: Board) -> None:
    for index, said in enumerate(["measured", "reproduced", "", "void", "withdrawn"] * 3):
        kind = "predictions" if index % 4 == 0 else "checkpoint"
        board.add(f"m-{index}", 0.1 * index, seed=index % 5, said=said, team=f"T{index % 3}", method="M", kind=kind)
    rows: list[Row] = [row for table in board.tables().values() for row in table.rows]
    assert len(rows) == len({row.entry.record.id for row in rows}) == 15


def test_a_record_without_outcomes_is_shown_unranked(board: Board) -> None:
    board.add("kept", 1.0, seed=1)
    (entry,) = board.read().entries[board.task.id, 1]
    (table,) = tables(board.task, [replace(entry, outcomes=None)])
    assert table.kind == "unranked"
    assert "no per-image outcomes" in table.rows[0].reason


def test_no_records(board: Board) -> None:
    assert tables(board.task, []) == ()


def test_make_record_is_what_the_store_reads(board: Board) -> None:
    method = Method("a", "A", 1.0, 3)
    record, outcomes = make_record(board.task, method, decisions_of(method, IMAGES))
    assert board.add("a", 1.0, seed=3) == record.id
    (entry,) = board.read().entries[board.task.id, 1]
    assert entry.outcomes is not None
    assert np.array_equal(entry.outcomes.values, outcomes["primary"])
