"""Accuracy against bytes: which rows have a dot, where it lies, and which of them the line joins."""

from __future__ import annotations

import math
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from synthetic import Method
from synthetic_families import add_scores, sized_set, sized_sets_task

from benchmark.documents import ReportedResult, Task
from benchmark.paths import ROOT
from leaderboard.collect import collect
from leaderboard.plot import Plot
from leaderboard.reported import ReportedRow
from leaderboard.rows import Table, tables
from leaderboard.scatter import LEFT, RIGHT, WIDTH
from leaderboard.task_scatter import task_scatter

Made = tuple[Task, tuple[Table, ...]]


def board(folder: Path, *sets: tuple[float, float | None], said: str = "measured") -> Made:
    """A distillation task with sets of these accuracies and sizes in bytes, named set-0 and so on."""
    task = sized_sets_task(folder / "tasks")
    for index, (accuracy, size_bytes) in enumerate(sets):
        made = sized_set([accuracy - 0.01, accuracy, accuracy + 0.01], size_bytes)
        method = Method(f"set-{index}", f"Set {index}", 0, 1, kind="distilled")
        add_scores(folder / "submissions", task, method, made, said=said)
    entries = collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1]
    return task, tables(task, entries)


def read(plot: Plot) -> ElementTree.Element:
    return ElementTree.fromstring(str(plot.drawing))


def dots(plot: Plot) -> dict[str, tuple[float, float]]:
    found = {}
    for link in read(plot).iter("a"):
        (circle,) = link.iter("circle")
        found[(link.get("aria-label") or "").partition(":")[0]] = (
            float(circle.get("cx", "")),
            float(circle.get("cy", "")),
        )
    return found


def test_dots_lie_at_the_logarithm_of_their_bytes(tmp_path: Path) -> None:
    sizes = (1_000, 10_000, 40_000)
    plot = task_scatter(*board(tmp_path, *zip((0.4, 0.5, 0.6), sizes, strict=True)), ())
    found, width, room = dots(plot), math.log10(40), 0.06
    for index, size in enumerate(sizes):
        share = (math.log10(size / 1_000) / width + room) / (1 + 2 * room)
        assert found[f"Set {index}"][0] == pytest.approx(LEFT + share * (WIDTH - RIGHT - LEFT), abs=0.01)
    texts = [text.text for text in read(plot).iter("text")]
    assert {"1 kB", "10 kB"} <= set(texts)
    titles = [link.get("aria-label") for link in read(plot).iter("a")]
    assert "Set 1: 50.00 with 10.0 kB" in titles
    assert "as few bytes" in plot.caption


def test_the_line_joins_what_nothing_beats_with_as_few_bytes(tmp_path: Path) -> None:
    plot = task_scatter(*board(tmp_path, (0.3, 1e3), (0.6, 2e3), (0.5, 1e4), (0.59, 2e4), (0.7, 1e5), (0.2, 1e3)), ())
    (path,) = [path for path in read(plot).iter("path") if "pareto" in (path.get("class") or "")]
    found = dots(plot)
    first, second, third = (found[f"Set {index}"] for index in (0, 1, 4))
    numbers = [float(number) for number in re.findall(r"[\d.]+", path.get("d", ""))]
    assert numbers == pytest.approx([*first, second[0], second[1], third[0], third[1]], abs=0.06)
    assert re.fullmatch(r"M[\d. ]+H[\d.]+V[\d.]+H[\d.]+V[\d.]+", path.get("d", ""))


def test_rows_without_bytes_are_left_out(tmp_path: Path) -> None:
    plot = task_scatter(*board(tmp_path, (0.3, 1e3), (0.4, None), (0.5, 0.0), (0.6, 2e3)), ())
    assert set(dots(plot)) == {"Set 0", "Set 3"}


@pytest.mark.parametrize(
    "sets", [[], [(0.3, 1e3)], [(0.3, 1e3), (0.4, 1e3)], [(0.3, 7850), (0.4, 7858)], [(0.3, None), (0.4, None)]]
)
def test_sets_of_about_one_size_are_not_drawn(tmp_path: Path, sets: list[tuple[float, float | None]]) -> None:
    assert not task_scatter(*board(tmp_path, *sets), ())


def test_reported_rows_give_no_bytes_and_are_left_out(tmp_path: Path) -> None:
    facts = {"task": "distillation/few", "method": "Paper", "source": "https://example.org", "retrieved": "2026-01-01"}
    number = {"metric": "accuracy", "value": 55.0, "unit": "percent", "verified": True}
    accuracy = ReportedResult.model_validate({**facts, **number})
    row = ReportedRow(accuracy, {"accuracy": accuracy}, (), "MIT")
    assert set(dots(task_scatter(*board(tmp_path, (0.3, 1e3), (0.4, 2e3)), [row]))) == {"Set 0", "Set 1"}


def test_a_gain_is_drawn_against_wrong_labels_and_not_against_the_accuracy_it_is_made_of(tmp_path: Path) -> None:
    for name in ("curation-oracle", "curation-random"):
        shutil.copytree(ROOT / "submissions" / name, tmp_path / name)
    collection = collect([tmp_path], ROOT / "tasks", tmp_path / "none")
    key = ("curation/fashion-mnist-dirty-5k", 1)
    task = collection.tasks[key]
    plot = task_scatter(task, tables(task, collection.entries[key]), ())
    assert "Wrong labels (%)" in [text.text for text in read(plot).iter("text")]
    found = dots(plot)
    assert found["Oracle"][0] < found["Random"][0]
    assert found["Oracle"][1] < found["Random"][1]  # higher in the drawing
    assert "stepped line" not in plot.caption
