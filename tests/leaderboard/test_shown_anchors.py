"""Anchors stand with their errors: the same nets as scoring takes, on the task page and beside a record's nets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.documents.measured.distillation_anchors import UNITS
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.task_registry import TaskEntry, all_tasks, find_task
from leaderboard.anchors import ShownAnchor, anchors_line, shown_anchors
from leaderboard.curation_tables import curation_tables
from leaderboard.distillation_tables import distillation_tables
from leaderboard.numbers import MISSING
from tasks.curation.anchors import anchor_accuracies
from tasks.distillation.anchors import frozen_accuracies
from tests.tasks.small_distillation import small_distillation, write_anchor

ENTRIES = [entry for entry in all_tasks() if entry.task.family in ("curation", "distillation")]


def of_scoring(entry: TaskEntry) -> dict[str, np.ndarray]:
    if entry.task.family == "curation":
        return anchor_accuracies(entry)
    return {arm: units for arm in UNITS if (units := frozen_accuracies(entry, arm)) is not None}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.task.id)
def test_they_are_the_anchors_of_scoring(entry: TaskEntry) -> None:
    frozen, shown = of_scoring(entry), shown_anchors(entry.task, ROOT / "tasks")
    assert set(shown) == set(frozen)
    for arm, nets in frozen.items():
        assert shown[arm].mean == pytest.approx(nets.mean(), abs=1e-12)
        assert shown[arm].error == pytest.approx(nets.std(ddof=1) / np.sqrt(len(nets)), abs=1e-12)
        assert shown[arm].nets == len(nets)


def test_arms_that_are_not_whole_and_those_of_another_split_are_left_out(tmp_path: Path) -> None:
    entry = find_task("distillation/fashion-mnist-ipc1", small_distillation(tmp_path / "tasks"))
    write_anchor(entry, "random", [0.5, 0.52] * 5)
    write_anchor(entry, "whole", [0.9])
    assert list(shown_anchors(entry.task, tmp_path / "tasks")) == ["random"]
    write_anchor(entry, "random", [0.5, 0.52] * 5, split_sha256="0" * 64)
    assert shown_anchors(entry.task, tmp_path / "tasks") == {}


def test_other_families_and_unreadable_files(tmp_path: Path) -> None:
    assert shown_anchors(find_task("corruption/cifar10-mc").task, ROOT / "tasks") == {}
    assert shown_anchors(ENTRIES[0].task, tmp_path) == {}
    for entry in (ENTRIES[0], ENTRIES[-1]):
        (tmp_path / entry.task.family).mkdir(exist_ok=True)
        (tmp_path / entry.task.family / "reference.json").write_text("[]", encoding="utf-8")
        with pytest.raises(MettleError, match=r"reference\.json"):
            shown_anchors(entry.task, tmp_path)


def test_the_line_of_a_task() -> None:
    low, high = ShownAnchor("balanced random", 0.86, 0.001, 20), ShownAnchor("oracle", 0.9009, 0.0006, 20)
    line = "balanced random 86.00 (20 nets, standard error 0.10)"
    assert anchors_line({"random": low}) == line
    assert anchors_line({"random": low, "oracle": high}) == f"{line}, oracle 90.09 (20 nets, standard error 0.06)"
    assert anchors_line({}) == ""


def test_a_record_shows_the_error_only_of_its_own_anchor() -> None:
    cells = {"run:1": {"accuracy": 0.9}, "anchor:random": {"accuracy": 0.86, "runs": 20.0}}
    for mean, mark in ((0.86, "20 nets, standard error 0.10"), (0.87, "20 nets")):
        frozen = {"random": ShownAnchor("random", mean, 0.001, 20)}
        for (nets,), _ in (
            curation_tables(cells, 0.9, frozen),
            distillation_tables({"net:1": cells["run:1"], "anchor:random": cells["anchor:random"]}, 0.9, frozen),
        ):
            assert [cell.text for cell in nets.rows[-1].cells] == ["86.00", MISSING]
            assert nets.rows[-1].mark == mark
