"""The tables of a distilled set's record, on their own and on the page of a submission."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from synthetic import Method
from synthetic_families import Scores, add_scores, score, write_family_task

from leaderboard.collect import collect
from leaderboard.distillation_tables import distillation_tables
from leaderboard.rows import tables
from leaderboard.submission_view import record_view

CELLS = {
    "net:seed 1": {"accuracy": 0.61234, "train_loss": 0.25},
    "net:seed 2": {"accuracy": 0.6, "train_loss": 0.125},
    "architecture:convnet3_bn": {"accuracy": 0.5},
    "architecture:unheard_of": {"accuracy": 0.4},
    "pair:7": {"test_image": 4321.0, "correlation": 0.9517},
    "fog/3": {"accuracy": 0.3},
    "group:class/Bag": {"accuracy": 0.9, "n": 5.0},
}


def test_cells_become_tables_and_nothing_is_lost() -> None:
    found, others = distillation_tables(CELLS, 0.9, {})
    assert [table.title for table in found] == ["Net by net", "Other architectures", "Nearest test images"]
    assert set(others) == {"fog/3", "group:class/Bag"}
    nets, architectures, pairs = found
    assert [cell.text for cell in nets.rows[0].cells] == ["61.23", "0.250"]
    assert [row.name for row in architectures.rows] == ["ConvNet-3 with batch norm", "unheard_of"]
    assert architectures.rows[0].cells[1].text == "–"
    assert [cell.text for cell in pairs.rows[0].cells] == ["4,321", "0.952"]
    assert "From a correlation of 0.900 an image counts as a near copy" in pairs.caption
    assert distillation_tables({}, 0.9, {}) == ([], {})
    ((needed,), _) = distillation_tables(
        {"own_bytes:set": {"bytes": 7850.0}, "own_bytes:teacher": {"bytes": 31400.0}}, 0.9, {}
    )
    assert [(row.name, row.cells[0].text) for row in needed.rows] == [
        ("The set's own arrays", "7,850"), ("Teacher's weights", "31,400"),
    ]  # fmt: skip


def test_a_set_with_a_test_image_is_removed_from_the_ranking(tmp_path: Path) -> None:
    task = write_family_task(tmp_path / "tasks", "distillation/x", "training_runs", "accuracy", ())
    right = np.array([9000, 9000], np.uint16)
    for name, cells in (("honest", CELLS), ("leaky", {**CELLS, "copy:3": {"test_image": 17.0}})):
        made = Scores({"accuracy": score(0.9, covers="both")}, cells, {"primary": (right, 10_000)})
        add_scores(tmp_path / "submissions", task, Method(name, name, 0, 1, method=name), made)
    entries = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1]
    found = {table.kind: table for table in tables(task, entries)}
    assert [row.entry.name for row in found["ranked"].rows] == ["honest"]
    (removed,) = found["removed"].rows
    assert removed.entry.name == "leaky"
    assert removed.reason.startswith("1 of its images is a test image")
    view = record_view(task, found["removed"], removed, newest_version=True)
    (copied,) = [part for part in view.parts if part.title == "Copied test images"]
    assert copied.rows[0].cells[0].text == "17"


def test_a_local_set_with_a_test_image_is_previewed_as_removed(tmp_path: Path) -> None:
    task = write_family_task(tmp_path / "tasks", "distillation/x", "training_runs", "accuracy", ())
    cells = {**CELLS, "copy:3": {"test_image": 17.0}}
    made = Scores({"accuracy": score(0.9, covers="both")}, cells, {"primary": (np.array([9000], np.uint16), 10_000)})
    local = tmp_path / "workspace" / "submissions"
    add_scores(local, task, Method("mine", "mine", 0, 1), made)
    (entry,) = collect([tmp_path / "submissions", local], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1]
    (table,) = tables(task, [entry])
    assert (table.kind, table.rows[0].reason.split(";")[0]) == ("removed", "1 of its images is a test image")
    commands = record_view(task, table, table.rows[0], newest_version=True).commands
    assert any(line.startswith("mettle verify workspace/submissions/mine/records/") for line in commands)


def test_a_records_page_has_them_beside_classes_and_corruptions(tmp_path: Path) -> None:
    task = write_family_task(tmp_path / "tasks", "distillation/x", "training_runs", "accuracy", ())
    right = np.array([6123, 6000], np.uint16)
    made = Scores({"accuracy": score(int(right.sum()) / 20_000, covers="both")}, CELLS, {"primary": (right, 10_000)})
    add_scores(tmp_path / "submissions", task, Method("set", "Set", 0, 1), made)
    (entry,) = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1]
    (table,) = tables(task, [entry])
    view = record_view(task, table, table.rows[0], newest_version=True)
    assert {part.title for part in view.parts} >= {"Net by net", "Other architectures", "Nearest test images"}
    assert any("class" in part.title.lower() for part in view.parts)
    assert any("fog" in row.name for heat in view.heat for row in heat.rows)
