"""Rows that are means over training runs: read, placed and captioned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic import Method
from synthetic_families import Scores, add_scores, score, write_family_task

from benchmark.documents import Task
from benchmark.errors import MettleError
from benchmark.statistics import training_run_ranks
from leaderboard.collect import collect
from leaderboard.rows import Table, tables
from leaderboard.submission_view import record_view
from leaderboard.task_view import leaders_note, table_view

IMAGES = 10_000
METHOD = Method("set", "Set", 0, 1)


def runs(mean: float, sd: float, count: int, seed: int) -> Scores:
    """A record of nets that get about `mean` of the images right."""
    right = np.rint(IMAGES * np.random.default_rng(seed).normal(mean, sd, count)).astype(np.uint16)
    value = int(right.sum(dtype=np.int64)) / (IMAGES * count)
    return Scores({"accuracy": score(value, covers="both", n=IMAGES)}, outcomes={"primary": (right, IMAGES)})


def board(folder: Path, made: Sequence[Scores]) -> tuple[Task, dict[str, Table]]:
    task = write_family_task(folder / "tasks", "distillation/x", "training_runs", "accuracy", ())
    for index, scores in enumerate(made):
        name = f"set-{index}"
        add_scores(folder / "submissions", task, replace(METHOD, name=name, title=name, method=name), scores)
    entries = collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1]
    return task, {table.kind: table for table in tables(task, entries)}


def test_places_are_those_of_the_statistics(tmp_path: Path) -> None:
    made = [runs(0.75, 0.004, 5, 1), runs(0.748, 0.004, 5, 2), runs(0.70, 0.004, 10, 3)]
    task, found = board(tmp_path, made)
    rows = found["ranked"].rows
    values = [row.entry.outcomes.values / IMAGES for row in rows if row.entry.outcomes]
    expected = training_run_ranks(values)
    places = [row.place for row in rows if row.place]
    assert [place.rank for place in places] == [1, 2, 3]
    assert [place.lower for place in places] == expected.lower.tolist() == [1, 1, 3]
    assert [place.upper for place in places] == expected.upper.tolist() == [2, 2, 3]
    assert places[0].tied_with == (1,)
    assert found["ranked"].ranking is not None
    assert found["ranked"].ranking.separable_difference == pytest.approx(expected.smallest_separable_difference)
    caption = table_view(task, found["ranked"]).caption
    assert "3 pairs at once (95 %, pooled t over training runs, one spread for all rows" in caption
    assert "Smallest detectable difference" in caption


def test_rows_of_nets_and_rows_of_sets_share_no_spread(tmp_path: Path) -> None:
    """Three sets of ten nets each, far apart, beside a set whose nets agree: a spread of nets says nothing of sets."""
    answers = 10 * IMAGES
    right = np.array([0.78, 0.75, 0.72]) * answers
    value = float(right.sum()) / (3 * answers)
    outcomes = {"primary": (right.astype(np.uint32), answers)}
    sets = Scores({"accuracy": score(value, covers="both", n=IMAGES)}, outcomes=outcomes)
    _, found = board(tmp_path, [sets, runs(0.74, 0.004, 10, 1), runs(0.741, 0.004, 10, 2)])
    ranking = found["ranked"].ranking
    assert ranking is not None
    assert (ranking.method, ranking.images) == ("Welch's t", IMAGES)
    place = next(row.place for row in found["ranked"].rows if row.entry.name == "set-0")
    assert place is not None
    assert (place.lower, place.upper) == (1, 3)


def test_answers_that_are_no_multiple_of_the_images_are_refused(tmp_path: Path) -> None:
    made = Scores(
        {"accuracy": score(0.5, covers="both", n=IMAGES)}, outcomes={"primary": (np.array([7500], np.uint16), 15_000)}
    )
    with pytest.raises(MettleError, match="10,000 of them, but got 15,000 answers"):
        board(tmp_path, [made])


def test_rows_of_unequal_spread_say_so(tmp_path: Path) -> None:
    task, found = board(tmp_path, [runs(0.75, 0.0005, 10, 1), runs(0.74, 0.03, 10, 2)])
    caption = table_view(task, found["ranked"]).caption
    assert "Welch's t over training runs, a spread of its own for each row" in caption
    assert "Smallest detectable difference" not in caption, "of rows with spreads of their own none is typical"


def test_ranks_by_runs_leave_other_test_images_out_and_say_so(tmp_path: Path) -> None:
    task, found = board(tmp_path, [runs(0.75, 0.0005, 10, 1), runs(0.74, 0.0005, 10, 2)])
    table = found["ranked"]
    assert leaders_note(table) == "The lead is clear: no other row could be first. Other test images are not counted."
    standing = record_view(task, table, table.rows[0], newest_version=True).standing
    assert standing == "Rank 1 of 2 ranked rows, settled. Other test images are not counted."


def test_a_lone_row_is_not_told_apart_from_others(tmp_path: Path) -> None:
    task, found = board(tmp_path, [runs(0.75, 0.0005, 10, 1)])
    table = found["ranked"]
    view = record_view(task, table, table.rows[0], newest_version=True)
    assert view.standing == "The only row among the ranked rows."
    assert table_view(task, table).apart == "The only row"


def test_the_same_runs_fold_into_one_row(tmp_path: Path) -> None:
    _, found = board(tmp_path, [runs(0.75, 0.004, 5, 1), runs(0.75, 0.004, 5, 1), runs(0.74, 0.004, 5, 2)])
    assert len(found["ranked"].rows) == 2
    assert len(found["folded"].rows) == 1


def test_one_image_more_in_one_net_is_a_row_of_its_own(tmp_path: Path) -> None:
    """Of each net a record has one number, so nearly equal sets cannot be told from sets that happen to be close."""
    right = np.array([7500, 7510, 7490, 7520, 7480], np.uint16)
    copy = right + np.array([0, 0, 0, 0, 1], np.uint16)
    made = [
        Scores({"accuracy": score(int(each.sum(dtype=np.int64)) / (5 * IMAGES))}, outcomes={"primary": (each, IMAGES)})
        for each in (right, copy)
    ]
    _, found = board(tmp_path, made)
    assert len(found["ranked"].rows) == 2
    assert "folded" not in found


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (np.array([[7500, 7400]], np.uint16), "a whole number for each training run"),
        (np.array([7500, 10_001], np.uint16), "lie in 0 to their scale"),
        (np.array([7500, 7400], np.uint16), "is the mean of its outcomes"),
    ],
)
def test_outcomes_that_are_none_are_refused(tmp_path: Path, right: np.ndarray, words: str) -> None:
    made = Scores({"accuracy": score(0.7)}, outcomes={"primary": (right, IMAGES)})
    with pytest.raises(MettleError, match=words):
        board(tmp_path, [made])


def test_records_of_other_test_images_do_not_share_a_table(tmp_path: Path) -> None:
    other = Scores({"accuracy": score(0.7, n=100)}, outcomes={"primary": (np.array([70, 70], np.uint16), 100)})
    with pytest.raises(MettleError, match="the same images"):
        board(tmp_path, [runs(0.75, 0.004, 5, 1), other])
