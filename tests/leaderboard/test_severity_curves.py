"""Curves of accuracy against severity: the means, which rows and corruptions, and that the labels can be read."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import HOSTILE_TITLES, Method, add, attest, decisions_of, make_record, write_submission, write_task

from benchmark.documents import Record, Task
from benchmark.documents.store import write_record
from leaderboard.collect import collect
from leaderboard.plot import Plot
from leaderboard.rows import Row, tables
from leaderboard.severity_curves import (
    LABEL_HEIGHT,
    SHOWN,
    complete_corruptions,
    label_heights,
    severity_curves,
    severity_means,
)

Cells = dict[str, dict[str, float]]


def cells_of(*corruptions: str, fall: float = 0.1, clean: float | None = 0.9) -> Cells:
    """Each corruption loses `fall` a severity, the second one twice as much."""
    cells: Cells = {} if clean is None else {"clean": {"accuracy": clean}}
    for index, name in enumerate(corruptions):
        for severity in range(1, 6):
            cells[f"{name}/{severity}"] = {"accuracy": 0.9 - fall * severity * (1 + index) / 2}
    return cells


def ranked(folder: Path, *cells: Cells, titles: tuple[str, ...] = ()) -> tuple[Task, tuple[Row, ...]]:
    """The rows of a ranked table whose records hold these cells, the best first."""
    task, root = write_task(folder / "tasks"), folder / "submissions"
    for index, of_record in enumerate(cells):
        title = titles[index] if titles else f"Net {index}"
        method = Method(f"net-{index}", title, 2 - 0.3 * index, index)
        write_submission(root, method)
        record, outcomes = make_record(task, method, decisions_of(method, 300))
        result: dict[str, Any] = {**record.result.model_dump(mode="json"), "cells": of_record}
        changed = Record.of(result, record.run)
        write_record(root, changed, outcomes)
        attest(root, method.name, changed.id, "measured")
    entries = collect([root], folder / "tasks", folder / "none").entries[task.id, 1]
    return task, tables(task, entries)[0].rows


def read(plot: Plot) -> ElementTree.Element:
    return ElementTree.fromstring(str(plot.drawing))


def curves(drawn: ElementTree.Element) -> list[list[tuple[float, float]]]:
    """The corners of each curve, in the order of the table."""
    paths = [path for path in drawn.iter("path") if (path.get("class") or "").startswith("curve ")]
    paths.sort(key=lambda path: path.get("class") or "")
    return [[(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path.get("d", ""))] for path in paths]


def percent_at(drawn: ElementTree.Element) -> tuple[float, float]:
    """Slope and intercept of the vertical axis, from its printed numbers and grid lines."""
    texts = [text for text in drawn.iter("text") if text.get("text-anchor") == "end" and text.get("class") is None]
    heights = [
        float(path.get("d", "").split()[1].split("H")[0]) for path in drawn.iter("path") if path.get("class") == "grid"
    ]
    slope, intercept = np.polyfit(heights, [float(text.text or "") for text in texts], 1)
    return float(slope), float(intercept)


def test_means_over_corruptions_at_each_severity() -> None:
    cells = cells_of("fog", "snow")
    assert complete_corruptions(cells) == {"fog", "snow"}
    means = severity_means(cells, {"fog", "snow"})
    expected = {0: 90.0} | {s: 100 * ((0.9 - 0.05 * s) + (0.9 - 0.1 * s)) / 2 for s in range(1, 6)}
    assert means == pytest.approx(expected)
    assert severity_means(cells_of("fog", clean=None), {"fog"}).keys() == {1, 2, 3, 4, 5}


def test_incomplete_odd_and_foreign_cells_do_not_count() -> None:
    cells = cells_of("fog", "snow")
    del cells["snow/3"]
    assert complete_corruptions(cells) == {"fog"}
    cells["fog/3"] = {"accuracy": 1e308}  # no share
    cells |= {f"group:size/{level}": {"accuracy": 0.5} for level in range(1, 6)}
    cells |= {f"class:a/fog/{level}": {"accuracy": 0.5} for level in range(1, 6)}
    cells |= {f"shift/{level}": {"consistency": 0.5} for level in range(1, 6)}
    assert complete_corruptions(cells) == set()


def test_curves_pass_through_the_means(tmp_path: Path) -> None:
    given = [cells_of("fog", "snow", fall=fall) for fall in (0.08, 0.12)]
    drawn = read(severity_curves(*ranked(tmp_path, *given)))
    slope, intercept = percent_at(drawn)
    for cells, curve in zip(given, curves(drawn), strict=True):
        means = severity_means(cells, {"fog", "snow"})
        assert [slope * y + intercept for _, y in curve] == pytest.approx([means[s] for s in range(6)], abs=0.1)
        steps = [b[0] - a[0] for a, b in pairwise(curve)]
        assert steps == pytest.approx([steps[0]] * 5, abs=0.11)


def test_curves_are_told_apart_without_colour(tmp_path: Path) -> None:
    task, rows = ranked(tmp_path, *(cells_of("fog", fall=0.1 + 0.001 * index) for index in range(8)))
    plot = severity_curves(task, rows)
    drawn = read(plot)
    paths = [path for path in drawn.iter("path") if (path.get("class") or "").startswith("curve ")]
    assert len(paths) == SHOWN
    assert len({path.get("stroke-dasharray") for path in paths}) == SHOWN
    labels = [text for text in drawn.iter("text") if "name" in (text.get("class") or "")]
    assert {text.text for text in labels} == {f"{rank} Net {rank - 1}" for rank in range(1, 7)}
    heights = sorted(float(text.get("y", "")) for text in labels)
    assert all(b - a >= LABEL_HEIGHT - 0.01 for a, b in pairwise(heights))
    assert f"first {SHOWN} rows" in plot.caption
    links = [link.get("href") for link in drawn.iter("a")]
    assert sorted(links) == [f"../../submissions/net-{index}.html" for index in range(6)]


def test_rows_without_cells_are_left_out_and_counted(tmp_path: Path) -> None:
    task, rows = ranked(tmp_path, cells_of("fog"), {"fog/3": {"accuracy": 0.5}}, cells_of("fog", "snow"))
    plot = severity_curves(task, rows)
    assert len(curves(read(plot))) == 2
    assert "(1 corruption)" in plot.caption  # the one that both curves have
    assert "1 of these rows has no such cells" in plot.caption
    assert not severity_curves(task, rows[1:2])
    assert not severity_curves(task, ())


def test_a_reduced_set_of_cells_has_no_curve(tmp_path: Path) -> None:
    task, rows = ranked(tmp_path, {f"{name}/3": {"accuracy": 0.5} for name in ("fog", "snow", "frost")})
    assert not severity_curves(task, rows)


def test_one_row_and_no_clean_cell_make_a_curve(tmp_path: Path) -> None:
    task, rows = ranked(tmp_path, cells_of("fog", clean=None))
    plot = severity_curves(task, rows)
    (curve,) = curves(read(plot))
    assert len(curve) == 5
    assert "of the only row" in plot.caption
    assert "clean" not in plot.caption


def test_the_primary_metric_of_the_cells_goes_first(tmp_path: Path) -> None:
    cells = cells_of("fog")
    better = {key: {**values, "mean_accuracy": values["accuracy"] + 0.05} for key, values in cells.items()}
    task, rows = ranked(tmp_path, better)
    drawn = read(severity_curves(task, rows))
    assert task.primary.title in (drawn.findtext("title") or "")
    slope, intercept = percent_at(drawn)
    assert slope * curves(drawn)[0][0][1] + intercept == pytest.approx(95, abs=0.1)


def test_hostile_titles_are_text(tmp_path: Path) -> None:
    cells = [cells_of("fog", fall=0.1 + 0.01 * index) for index in range(SHOWN)]
    drawn = read(severity_curves(*ranked(tmp_path, *cells, titles=HOSTILE_TITLES[:SHOWN])))
    assert not list(drawn.iter("script"))
    said = {(link.get("aria-label") or "").rsplit(":", 1)[0] for link in drawn.iter("a")}
    assert said == set(HOSTILE_TITLES[:SHOWN])


def test_the_synthetic_record_has_the_shape_of_real_ones(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    record = add(tmp_path / "submissions", task, Method("net", "Net", 1, 1), said="measured")
    assert len(complete_corruptions(record.result.cells)) == 25


@given(st.lists(st.floats(0, 300), min_size=1, max_size=6))
def test_labels_keep_their_order_and_distance(wanted: list[float]) -> None:
    placed = label_heights(wanted, LABEL_HEIGHT, 300)
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    assert all(placed[b] - placed[a] >= LABEL_HEIGHT - 1e-6 for a, b in pairwise(order))
    assert max(placed) <= 300 + 1e-6
    if all(b - a >= LABEL_HEIGHT for a, b in pairwise(sorted(wanted))):
        assert placed == pytest.approx(wanted)
