from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from synthetic import HOSTILE_TITLES, Method, add, many, write_task

from benchmark.documents import Task
from leaderboard.collect import collect
from leaderboard.rows import Table, tables
from leaderboard.task_view import leaders_note, table_view


def ranked(folder: Path, *methods: Method, images: int = 1000) -> tuple[Task, Table]:
    task = write_task(folder / "tasks")
    for method in methods:
        add(folder / "submissions", task, method, images=images, said="measured")
    entries = collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1]
    return task, tables(task, entries)[0]


@pytest.mark.parametrize(
    ("skills", "words"),
    [([1.0], "only ranked row"), ([1.0, -1.0], "lead is clear"), ([1.0, 1.0, -1.0], "open: 2 of 3 rows")],
)
def test_leaders_note(tmp_path: Path, skills: list[float], words: str) -> None:
    methods = [Method(f"m{index}", "M", skill, 2 + index) for index, skill in enumerate(skills)]
    note = leaders_note(ranked(tmp_path, *methods)[1])
    assert words in note
    assert ("Other training runs are not counted." in note) == (len(skills) > 1)


@pytest.mark.parametrize("flagged", [0, 1])
def test_a_clear_lead_says_whether_it_is_flagged(tmp_path: Path, flagged: int) -> None:
    flags = [{"name": "anomaly", "evidence": "It knows the labels."}]
    methods = [Method(f"m{index}", "M", 1 - 2 * index, 2 + index) for index in range(2)]
    methods[flagged] = replace(methods[flagged], flags=flags)
    assert ("It bears a flag" in leaders_note(ranked(tmp_path, *methods)[1])) == (flagged == 0)


def test_caption_names_the_family_of_comparisons(tmp_path: Path) -> None:
    task, table = ranked(tmp_path, *(Method(f"m{index}", "M", 0.5, index) for index in range(4)))
    caption = table_view(task, table).caption
    assert caption.startswith("4 rows by mean accuracy; its brackets are 95 % intervals over test images.")
    assert "all 6 pairs at once (95 %, max-T bootstrap over 1,000 images)" in caption
    assert caption.count("One family of comparisons") == 1
    assert table.ranking is not None
    assert table.ranking.detectable_difference is not None
    assert table.ranking.separable_difference is not None
    alone, together = 100 * table.ranking.detectable_difference, 100 * table.ranking.separable_difference
    assert alone < together
    assert f"{together:.2f} points in this family, {alone:.2f} for one pair tested alone" in caption


def test_first_rows_keep_ranks_and_ties_of_the_whole_table(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    many(tmp_path / "submissions", task, 30, images=300)
    entries = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1]
    (table,) = tables(task, entries)
    whole, part = table_view(task, table), table_view(task, table, first=5)
    assert [view.tied_with for view in part.rows] == [view.tied_with for view in whole.rows[:5]]
    assert part.caption == whole.caption
    assert any("\N{EN DASH}" in view.tied_with for view in whole.rows)
    assert {view.row.entry.submission.title for view in whole.rows} == {title[:200] for title in HOSTILE_TITLES}


def test_column_nobody_has_is_left_out(tmp_path: Path) -> None:
    task, table = ranked(tmp_path, Method("a", "A", 0, 1, without=("clean_accuracy",)))
    names = [column.metric.name for column in table_view(task, table).columns]
    assert "clean_accuracy" not in names
    assert names[0] == "mean_accuracy"
