"""Boards of curation tasks: gains ranked by the accuracies behind them, open book, and a choice's own tables."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from synthetic import Method
from synthetic_families import Scores, add_scores, score

from benchmark.documents import Task, read_task
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from leaderboard.collect import collect
from leaderboard.compare_view import compare_island, compared_rows
from leaderboard.curation_tables import curation_tables
from leaderboard.headings import heading
from leaderboard.rows import Table, tables
from leaderboard.submission_view import RecordView, record_view
from leaderboard.task_view import row_keys, table_view

IMAGES = 10_000
RANDOM, ORACLE = 0.86, 0.90
CELLS = {
    "run:1": {"accuracy": 0.9, "train_loss": 1.25},
    "run:2": {"accuracy": 0.91, "train_loss": 1.5},
    "anchor:random": {"accuracy": RANDOM, "runs": 20.0},
    "chosen:class/Shirt": {"share": 0.25},
    "chosen:class/Bag": {"share": 0.75},
    "debug:wrong labels": {"average_precision": 0.5, "auroc": 0.75, "found_at_5": 0.125, "found_at_20": 0.5},
    "debug:copies": {"auroc": 0.5},
    "fog/3": {"accuracy": 0.4},
}


def task_file(folder: Path, name: str = "fashion-mnist-dirty-5k") -> Task:
    path = folder / "tasks" / "curation" / f"{name}.v1.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "tasks" / "curation" / path.name, path)
    return read_task(path)


def cleaned(right: list[int], accuracy: float | None = None) -> Scores:
    mean = sum(right) / (IMAGES * len(right))
    gain = (mean - RANDOM) / (ORACLE - RANDOM)
    return Scores(
        {
            "normalized_gain": score(0.5, covers="training runs")
            | {"value": gain, "lower": gain - 0.05, "upper": gain + 0.05},
            "accuracy": score(mean if accuracy is None else accuracy, covers="both"),
        },
        cells=CELLS,
        outcomes={"primary": (np.array(right, np.uint16), IMAGES)},
    )


def board(folder: Path, made: list[Scores]) -> tuple[Task, Table]:
    task = task_file(folder)
    for index, scores in enumerate(made):
        name = f"set-{index}"
        add_scores(folder / "submissions", task, Method(name, name, 0, 1, method=name, kind="curated"), scores)
    entries = collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1]
    return task, {table.kind: table for table in tables(task, entries)}["ranked"]


def test_gains_are_ranked_by_the_accuracies_behind_them(tmp_path: Path) -> None:
    task, table = board(
        tmp_path, [cleaned([8700, 8720, 8710]), cleaned([8500, 8512, 8524]), cleaned([8950, 8960, 8940])]
    )
    assert [row.entry.name for row in table.rows] == ["set-2", "set-0", "set-1"]
    assert [row.place.rank for row in table.rows if row.place] == [1, 2, 3]
    view = table_view(task, table)
    assert "points of accuracy in this family" in view.caption
    assert [row.cells[0].shown.value for row in view.rows] == ["0.88", "0.28", "\N{MINUS SIGN}0.22"]


def test_a_quick_look_is_not_ranked(tmp_path: Path) -> None:
    quick = cleaned([8950, 8960, 8940])
    quick.more["tier"] = "quick"
    task = task_file(tmp_path)
    for name, scores in (("whole", cleaned([8700, 8720])), ("quick", quick)):
        add_scores(tmp_path / "submissions", task, Method(name, name, 0, 1, method=name, kind="curated"), scores)
    entries = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1]
    found = {table.kind: [row.entry.name for row in table.rows] for table in tables(task, entries)}
    assert found == {"ranked": ["whole"], "unranked": ["quick"]}


def test_a_gain_without_anchors_is_missing_and_its_row_not_ranked(tmp_path: Path) -> None:
    without = cleaned([8950, 8960, 8940])
    del without.scores["normalized_gain"]
    task = task_file(tmp_path)
    for name, scores in (("whole", cleaned([8700, 8720])), ("without", without)):
        add_scores(tmp_path / "submissions", task, Method(name, name, 0, 1, method=name, kind="curated"), scores)
    entries = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1]
    ranked, unranked = tables(task, entries)
    assert [row.entry.name for row in ranked.rows] == ["whole"]
    (row,) = table_view(task, unranked).rows
    assert row.cells[0].shown.value == "\N{EN DASH}"
    assert "gain is missing" in row.row.reason
    view = record_view(task, unranked, unranked.rows[0], newest_version=True)
    assert view.scores[0].shown.value == "\N{EN DASH}"
    assert [row.entry.name for _, row in compared_rows([ranked, unranked])] == ["whole", "without"]
    island = json.loads(compare_island(task, [ranked, unranked], row_keys([ranked, unranked])))
    assert [row["value"] for row in island["rows"]] == pytest.approx([87.1, 89.5])  # accuracies, which both have


def test_an_accuracy_that_is_not_its_nets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="the score accuracy is the mean of its outcomes"):
        board(tmp_path, [cleaned([8700, 8720], accuracy=0.88)])


def test_tables_of_dirty_tasks_say_that_the_book_is_open(tmp_path: Path) -> None:
    open_book = heading(task_file(tmp_path), "ranked")
    assert open_book.title == "Open book"
    assert "clean labels are public" in open_book.text
    assert heading(task_file(tmp_path, "fashion-mnist-coreset-5k"), "ranked").title == "Ranking"


def shown(folder: Path) -> RecordView:
    task, table = board(folder, [cleaned([8700, 8720])])
    return record_view(task, table, table.rows[0], newest_version=True)


def test_a_record_shows_its_nets_its_choice_and_what_its_ranking_finds(tmp_path: Path) -> None:
    view = shown(tmp_path)
    found = {table.title: table for table in view.parts}
    nets = found["Net by net"]
    assert [(row.name, row.cells[0].text, row.mark) for row in nets.rows] == [
        ("Net 1", "90.00", ""),
        ("Net 2", "91.00", ""),
        ("Balanced random choices, a mean", "86.00", "20 nets"),
    ]
    assert [row.cells[1].text for row in nets.rows] == ["1.250", "1.500", "\N{EN DASH}"]
    assert [row.cells[0].text for row in found["What was chosen"].rows] == ["25.0", "75.0"]
    debug = found["What the ranking finds"]
    assert [column.title for column in debug.columns] == ["AP %", "AUROC %", "Found in 5 %", "Found in 20 %"]
    assert [cell.text for cell in debug.rows[1].cells] == ["\N{EN DASH}", "50.0", "\N{EN DASH}", "\N{EN DASH}"]
    assert [table.title for table in view.heat] == ["Accuracy by severity"]


def test_cells_of_no_kind_are_left_over() -> None:
    made, others = curation_tables(CELLS, 0.9, {})
    assert [table.title for table in made] == ["Net by net", "What was chosen", "What the ranking finds"]
    assert others == {"fog/3": {"accuracy": 0.4}}
    assert curation_tables({}, 0.9, {}) == ([], {})


def test_copies_of_test_images_are_tables_and_no_heat(tmp_path: Path) -> None:
    own = cleaned([8700, 8720])
    own.cells = {"pair:7": {"test_image": 4321.0, "correlation": 0.9517}, "fog/3": {"accuracy": 0.4}}
    task, table = board(tmp_path, [own])
    view = record_view(task, table, table.rows[0], newest_version=True)
    (pairs,) = [part for part in view.parts if part.title == "Nearest test images"]
    assert [(row.name, *(cell.text for cell in row.cells)) for row in pairs.rows] == [("7", "4,321", "0.952")]
    assert [heat.title for heat in view.heat] == ["Accuracy by severity"]
    (copied,), others = curation_tables({"copy:3": {"test_image": 17.0}}, 0.9, {})
    assert (copied.title, copied.rows[0].cells[0].text, others) == ("Copied test images", "17", {})
