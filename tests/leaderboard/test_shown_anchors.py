"""Anchors stand with their errors: the same nets as scoring takes, on the task page and beside a record's nets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.task_registry import all_tasks, find_task
from leaderboard.curation_anchors import ANCHOR_RUNS, Anchor, anchors_line, curation_anchors
from leaderboard.curation_tables import curation_tables
from tasks.curation import reference

TASKS = [entry.task.id for entry in all_tasks() if entry.task.family == "curation"]


@pytest.mark.parametrize("task", TASKS)
def test_they_are_the_anchors_of_scoring(task: str) -> None:
    entry = find_task(task)
    frozen, shown = reference.anchor_accuracies(entry), curation_anchors(entry.task, ROOT / "tasks")
    assert reference.ANCHOR_RUNS == ANCHOR_RUNS
    assert set(shown) == set(frozen)
    for arm, nets in frozen.items():
        assert shown[arm].mean == pytest.approx(nets.mean(), abs=1e-12)
        assert shown[arm].error == pytest.approx(nets.std(ddof=1) / np.sqrt(len(nets)), abs=1e-12)


def test_other_families_and_unreadable_files(tmp_path: Path) -> None:
    assert curation_anchors(find_task("corruption/cifar10-mc").task, ROOT / "tasks") == {}
    (tmp_path / "curation").mkdir()
    (tmp_path / "curation" / "reference.json").write_text("[]", encoding="utf-8")
    with pytest.raises(MettleError, match="nets by arm"):
        curation_anchors(find_task(TASKS[0]).task, tmp_path)


def test_the_line_of_a_task() -> None:
    anchors = {"oracle": Anchor(0.9009, 0.0006), "random": Anchor(0.86, 0.001)}
    assert anchors_line(anchors) == "balanced random 86.00 (standard error 0.10), oracle 90.09 (0.06); 20 nets each"
    assert anchors_line({"random": Anchor(0.86, 0.001)}) == "balanced random 86.00 (standard error 0.10); 20 nets"
    assert anchors_line({}) == ""


def test_a_record_shows_the_error_only_of_its_own_anchor() -> None:
    cells = {"run:1": {"accuracy": 0.9}, "anchor:random": {"accuracy": 0.86, "runs": 20.0}}
    for mean, mark in ((0.86, "20 nets, standard error 0.10"), (0.87, "20 nets")):
        (nets,), _ = curation_tables(cells, 0.9, {"random": Anchor(mean, 0.001)})
        assert nets.rows[-1].mark == mark
