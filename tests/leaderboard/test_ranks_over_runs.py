"""Ranks, pairs and bundles of rows with several training runs count what another run could change."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from synthetic import Method, add, write_task

from benchmark.documents import Task
from benchmark.statistics import rank_intervals, run_spread
from benchmark.statistics.all_pairs import paired_differences
from leaderboard.collect import collect
from leaderboard.compare_view import compare_island
from leaderboard.rows import Row, Table, tables
from leaderboard.task_view import leaders_note, row_keys, table_view

WIDE, NARROW = (-0.06, 0.0, 0.06), (-0.0001, 0.0, 0.0001)
SKILLS = {"best": 1.0, "middle": 0.7, "worst": 0.1}


def board(folder: Path, **runs: tuple[float, ...]) -> tuple[Task, tuple[Table, ...]]:
    """Three rows that images alone tell apart; runs: of some of them."""
    task = write_task(folder / "tasks")
    for seed, (name, skill) in enumerate(SKILLS.items()):
        kind = "test images" if runs.get("parts") else "both"
        method = Method(name, name.title(), skill, seed, team=name, runs=runs.get(name, ()), run_kind=kind)
        add(folder / "submissions", task, method, images=2000, said="measured")
    return task, tables(task, collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1])


def places(rows: tuple[Row, ...]) -> list[tuple[int, int]]:
    return [(row.place.lower, row.place.upper) for row in rows if row.place]


def test_runs_that_spread_widely_leave_ranks_open(tmp_path: Path) -> None:
    for name, runs in {"none": {}, "narrow": {"best": NARROW}, "wide": {"best": WIDE, "worst": WIDE}}.items():
        task, (ranked,) = board(tmp_path / name, **runs)
        caption = table_view(task, ranked).caption
        if name == "wide":
            assert places(ranked.rows) == [(1, 3)] * 3  # the middle row of one run is not surer than its neighbours
            assert (
                "They count other training runs too, of which one standard deviation is typically 7.21 points"
                in caption
            )
        else:
            assert places(ranked.rows) == [(1, 1), (2, 2), (3, 3)]
            said = "No row has two training runs, so ranks compare these files"
            assert (said in caption) == (name == "none")
            assert ("not counted" in leaders_note(ranked)) == (name == "none")


def test_a_wild_row_leaves_others_their_ranks(tmp_path: Path) -> None:
    _, (ranked,) = board(tmp_path, best=NARROW, middle=NARROW, worst=WIDE)
    assert [row.entry.name for row in ranked.rows] == ["best", "middle", "worst"]
    assert 1 not in (ranked.rows[0].place.tied_with if ranked.rows[0].place else ())


def test_parts_of_a_task_are_no_training_runs(tmp_path: Path) -> None:
    task, (ranked,) = board(tmp_path, best=WIDE, worst=WIDE, parts=(1.0,))
    assert places(ranked.rows) == [(1, 1), (2, 2), (3, 3)]
    assert "No row has two training runs" in table_view(task, ranked).caption


def test_the_table_is_the_statistic_of_its_rows(tmp_path: Path) -> None:
    _, (ranked,) = board(tmp_path, best=(-0.01, 0.0, 0.01), middle=(-0.02, 0.02))
    outcomes = [row.entry.outcomes for row in ranked.rows if row.entry.outcomes]
    expected = rank_intervals(
        np.stack([row.values / row.scale for row in outcomes]), runs=run_spread([row.runs for row in outcomes])
    )
    assert [place[0] for place in places(ranked.rows)] == expected.lower.tolist()
    assert ranked.ranking is not None
    assert ranked.ranking.separable_difference == pytest.approx(expected.smallest_separable_difference, rel=1e-6)


def test_pairs_of_the_compare_page_count_runs(tmp_path: Path) -> None:
    task, found = board(tmp_path, best=(-0.01, 0.0, 0.01), middle=(-0.02, 0.02))
    island = json.loads(compare_island(task, found, row_keys(found)))
    outcomes = [row.entry.outcomes for row in found[0].rows if row.entry.outcomes]
    shares = np.stack([row.values / row.scale for row in outcomes])
    pairs = paired_differences(shares, runs=run_spread([row.runs for row in outcomes]))
    assert island["width"][0] / 1000 == pytest.approx(100 * pairs.half_width[0, 1], abs=1e-3)
    assert pairs.half_width[0, 1] > 1.5 * paired_differences(shares).half_width[0, 1]
