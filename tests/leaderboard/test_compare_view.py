"""The data of the page that compares rows: every pair in its place, by the task's own test."""

from __future__ import annotations

import json
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from synthetic import HOSTILE_TITLES, Method, add, many, write_task
from synthetic_families import add_scores, detection, detection_task, group_task, worst_group

from benchmark.documents import Task
from benchmark.paths import ROOT
from benchmark.statistics import paired_difference
from benchmark.task_registry import find_task
from leaderboard import compare_view
from leaderboard.collect import collect
from leaderboard.compare_view import compare_island, compared_rows
from leaderboard.rows import Table, tables
from leaderboard.task_view import row_keys


def read(folder: Path, task: Task) -> tuple[tuple[Table, ...], dict]:
    entries = collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1]
    board = tables(task, entries)
    island = compare_island(task, board, row_keys(board))
    assert "<" not in island
    return board, json.loads(island)


def test_pairs_are_the_pair_test_of_the_task(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    many(tmp_path / "submissions", task, 7)
    add(tmp_path / "submissions", task, Method("alone", "Alone", 1.0, 90))
    board, island = read(tmp_path, task)
    rows = [row for _, row in compared_rows(board)]
    assert [row["key"] for row in island["rows"]] == [row.entry.name for row in rows]
    assert {row["title"] for row in island["rows"]} >= set(HOSTILE_TITLES[:3])
    pairs = list(combinations(range(len(rows)), 2))
    assert len(island["width"]) == len(island["p"]) == len(pairs)
    for (i, j), width, p in zip(pairs, island["width"], island["p"], strict=True):
        first, second = (rows[at].entry.outcomes.values / rows[at].entry.outcomes.scale for at in (i, j))
        expected = paired_difference(first, second)
        assert width / 1000 == pytest.approx(100 * (expected.upper - expected.lower) / 2, abs=6e-4)
        assert 10 ** (-p / 1000) == pytest.approx(expected.p_value, rel=2e-3)
        shown = island["rows"][i]["value"] - island["rows"][j]["value"]
        assert shown == pytest.approx(100 * expected.difference, abs=1e-6)


def test_flags_and_the_baseline_mark_come_along(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    flag = [{"name": "canary", "evidence": "Right on <b>too many</b>."}]
    add(tmp_path / "submissions", task, Method("flagged", "F", 1.0, 1, flags=flag, baseline=True), said="measured")
    add(tmp_path / "submissions", task, Method("plain", "P", 0.5, 2), said="measured")
    _, island = read(tmp_path, task)
    shown = {row["key"]: [island["marks"][at] for at in row["marks"]] for row in island["rows"]}
    assert [mark["label"] for mark in shown["flagged"]] == ["measured", "flag: canary", "baseline"]
    assert shown["flagged"][1] == {"label": "flag: canary", "text": "Right on <b>too many</b>.", "tone": "warn"}
    assert [mark["label"] for mark in shown["plain"]] == ["measured"]


def test_a_lone_row_is_the_only_one(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    add(tmp_path / "submissions", task, Method("one", "One", 1.0, 1), said="measured")
    add(tmp_path / "submissions", task, Method("alone", "Alone", 0.5, 2))
    _, island = read(tmp_path, task)
    assert island["rows"][0]["standing"] == "the only row"


def test_ties_are_those_of_the_table(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    many(tmp_path / "submissions", task, 9, images=60)
    add(tmp_path / "submissions", task, Method("alone", "Alone", 1.0, 90), images=60)
    board, island = read(tmp_path, task)
    ranked = board[0]
    for at, row in enumerate(ranked.rows):
        assert island["tied"][at] == [other for other in row.place.tied_with if other > at]
    assert any(island["tied"][: len(ranked.rows)])
    assert island["tied"][-1] is None


def test_a_worst_group_has_no_interval_of_a_difference(tmp_path: Path) -> None:
    task = group_task(tmp_path / "tasks")
    for index in range(3):
        made = worst_group([0.5 + 0.1 * index, 0.7, 0.8, 0.85, 0.9], 400, index)
        add_scores(tmp_path / "submissions", task, Method(f"m-{index}", f"M {index}", 0, index), made)
    _, island = read(tmp_path, task)
    assert island["width"] is None
    assert island["p"] is None
    assert len(island["tied"]) == 3


def test_detection_compares_placements(tmp_path: Path) -> None:
    task = detection_task(tmp_path / "tasks")
    for index in range(3):
        method = Method(f"d-{index}", f"D {index}", 0, index)
        add_scores(tmp_path / "submissions", task, method, detection(1.0 + 0.5 * index, index))
    board, island = read(tmp_path, task)
    first, _, last = (row.entry.outcomes for _, row in compared_rows(board))
    expected = paired_difference(first.values / first.scale, last.values / last.scale)
    assert island["width"][1] / 1000 == pytest.approx(100 * (expected.upper - expected.lower) / 2, abs=2e-3)


def test_long_boards_compare_their_first_rows_and_every_local_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare_view, "MOST_ROWS", 4)
    task = write_task(tmp_path / "tasks")
    many(tmp_path / "submissions", task, 8, images=50)
    add(tmp_path / "here", task, Method("mine", "Mine", -3.0, 90), images=50)
    roots = [tmp_path / "submissions", tmp_path / "here"]
    board = tables(task, collect(roots, tmp_path / "tasks", tmp_path / "none").entries[task.id, 1])
    names = [row.entry.name for _, row in compared_rows(board)]
    assert names == [*(row.entry.name for row in board[0].rows[:4]), "mine"]


def test_a_row_without_outcomes_has_no_test(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    many(tmp_path / "submissions", task, 3, images=50)
    board = tables(task, collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1])
    outcomes = [row.entry.outcomes for _, row in compared_rows(board)]
    found = compare_view.all_pairs(task, [*outcomes, None])
    assert found is not None
    assert np.isnan(found.half_width[3, :3]).all()
    assert (found.p_value[3, :3] == 1).all()
    assert np.isfinite(found.half_width[:3, :3]).all()


def test_one_row_has_no_page(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    many(tmp_path / "submissions", task, 1, images=50)
    board = tables(task, collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1])
    assert compare_island(task, board, row_keys(board)) == ""


def test_rows_ranked_by_a_gain_are_compared_in_accuracy(tmp_path: Path) -> None:
    """Outcomes are accuracies: a difference of gains beside their interval would be another unit."""
    for name in ("curation-oracle", "curation-small-loss", "curation-random"):
        shutil.copytree(ROOT / "submissions" / name, tmp_path / "submissions" / name)
    entry = find_task("curation/fashion-mnist-dirty-5k")
    found = collect([tmp_path / "submissions"], ROOT / "tasks", tmp_path / "none").entries[entry.task.id, 1]
    board = tables(entry.task, found)
    island = json.loads(compare_island(entry.task, board, row_keys(board)))
    rows = [row for _, row in compared_rows(board)]
    assert (island["primary"], island["unit"]) == ("Test accuracy", "points")
    for shown, row in zip(island["rows"], rows, strict=True):
        assert shown["value"] == pytest.approx(100 * row.entry.record.result.scores["accuracy"].value)
    for (i, j), width in zip(combinations(range(3), 2), island["width"], strict=True):
        first, second = (rows[at].entry.outcomes.values / rows[at].entry.outcomes.scale for at in (i, j))
        pooled = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / len(first))
        assert 100 * pooled < width / 1000 < 100 * 4 * pooled  # Student's factor lies between
