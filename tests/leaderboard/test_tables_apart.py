"""Which rows compete with each other: given data, outlier data, predictions, diagnostics; and detectors' places."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic import Method, add, write_task
from synthetic_families import add_scores, detection, detection_task, group_task, worst_group

from benchmark.documents import Task
from leaderboard.collect import collect
from leaderboard.headings import heading
from leaderboard.outcomes import Outcomes
from leaderboard.ranking import rank
from leaderboard.rows import Table, tables
from leaderboard.task_view import table_view

DECLARED = 'training_data = ["{}"]\nselected_on = "val"\n'


def read(folder: Path, task: Task) -> dict[str, Table]:
    entries = collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1]
    return {table.kind: table for table in tables(task, entries)}


def names(table: Table) -> list[str]:
    return [row.entry.name for row in table.rows]


def test_rows_that_saw_more_than_the_given_data_stand_apart(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks", given_training_data='["given/train"]')
    sources = {
        "given": DECLARED.format("given/train"),
        "other": DECLARED.format("other/train"),
        "both": 'training_data = ["given/train", "other/train"]\nselected_on = "val"\n',
        "pretrained": DECLARED.format("given/train") + 'pretraining = ["imagenet-1k"]\n',
        "extra": DECLARED.format("given/train") + 'extra_data = ["web"]\n',
    }
    for index, (name, declares) in enumerate(sources.items()):
        add(tmp_path / "submissions", task, Method(name, name, 0.2 * index, index, declares=declares), said="measured")
    add(tmp_path / "submissions", task, Method("claim", "C", 2, 9, kind="predictions", declares=sources["other"]))
    found = read(tmp_path, task)
    assert {kind: sorted(names(table)) for kind, table in found.items()} == {
        "ranked": ["given"],
        "open": ["both", "extra", "other", "pretrained"],
        "predictions": ["claim"],
    }
    assert sorted(row.place.rank for row in found["open"].rows if row.place) == [1, 2, 3, 4]
    assert heading(task, "ranked").title == "Given split only"
    assert heading(write_task(tmp_path / "free"), "ranked").title == "Ranking"


def test_rows_trained_with_outliers_stand_apart(tmp_path: Path) -> None:
    task = detection_task(tmp_path / "tasks")
    outliers = 'training_data = ["train"]\nselected_on = "val"\noutlier_data = ["noise"]\n'
    add_scores(tmp_path / "submissions", task, Method("plain", "P", 0, 1), detection(1.0, 1))
    add_scores(tmp_path / "submissions", task, Method("exposed", "E", 0, 2, declares=outliers), detection(3.0, 2))
    found = read(tmp_path, task)
    assert {kind: names(table) for kind, table in found.items()} == {
        "ranked": ["plain"],
        "outlier-trained": ["exposed"],
    }


def test_outlier_data_is_no_matter_elsewhere(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    outliers = 'training_data = ["train"]\nselected_on = "val"\noutlier_data = ["noise"]\n'
    add(tmp_path / "submissions", task, Method("exposed", "E", 0, 2, declares=outliers), said="measured")
    assert set(read(tmp_path, task)) == {"ranked"}


def test_diagnostics_place_nobody(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks", ranked="false")
    for index, (name, said) in enumerate([("zebra", "measured"), ("ant", "reproduced"), ("void", "void"), ("own", "")]):
        add(tmp_path / "submissions", task, Method(name, name.title(), -index, index), said=said)
    add(tmp_path / "submissions", task, Method("claim", "Claim", 2, 9, kind="predictions"))
    found = read(tmp_path, task)
    assert {kind: names(table) for kind, table in found.items()} == {
        "diagnostics": ["ant", "claim", "zebra"],  # by title: the order says nothing
        "unranked": ["own"],
        "removed": ["void"],
    }
    assert all(row.place is None for row in found["diagnostics"].rows)


def test_detectors_are_ranked_by_their_auroc(tmp_path: Path) -> None:
    task = detection_task(tmp_path / "tasks")
    strengths = {"weak": 0.3, "good": 1.5, "close": 1.52, "best": 3.0}
    for index, (name, strength) in enumerate(strengths.items()):
        add_scores(tmp_path / "submissions", task, Method(name, name, 0, index), detection(strength, index))
    (table,) = read(tmp_path, task).values()
    places = {row.entry.name: row.place for row in table.rows}
    assert names(table)[0] == "best"
    assert names(table)[-1] == "weak"
    assert {(place.lower, place.upper) for name, place in places.items() if place and name in ("good", "close")} == {
        (2, 3)
    }
    assert places["best"] is not None
    assert (places["best"].lower, places["best"].upper) == (1, 1)


def test_a_detector_scaled_by_hand_folds_into_the_original(tmp_path: Path) -> None:
    task = detection_task(tmp_path / "tasks")
    add_scores(tmp_path / "submissions", task, Method("original", "O", 0, 1), detection(1.0, 1))
    again = Method("again", "A", 0, 1, team="Other", started="2026-05-05T00:00:00Z")
    add_scores(tmp_path / "submissions", task, again, detection(1.0, 1))
    add_scores(tmp_path / "submissions", task, Method("equal", "E", 0, 2), detection(1.0, 2))  # as good, not alike
    found = read(tmp_path, task)
    assert sorted(names(found["ranked"])) == ["equal", "original"]
    assert names(found["folded"]) == ["again"]


def test_perfect_detectors_tie_and_do_not_fold(tmp_path: Path) -> None:
    task = detection_task(tmp_path / "tasks")
    for seed in (1, 2):
        add_scores(tmp_path / "submissions", task, Method(f"p{seed}", "P", 0, seed), detection(40.0, seed))
    (table,) = read(tmp_path, task).values()
    assert [(row.place.rank, row.place.lower, row.place.upper) for row in table.rows if row.place] == [(1, 1, 2)] * 2


def test_worst_groups_are_compared_with_every_group(tmp_path: Path) -> None:
    task = group_task(tmp_path / "tasks")
    accuracies = {
        "even": [0.9, 0.9, 0.9, 0.9, 0.9],
        "uneven": [0.99, 0.99, 0.99, 0.99, 0.6],  # the best mean, the worst group
        "close": [0.9, 0.9, 0.9, 0.9, 0.89],
    }
    for index, (name, made) in enumerate(accuracies.items()):
        add_scores(tmp_path / "submissions", task, Method(name, name, 0, index), worst_group(made, 3000, index))
    (table,) = read(tmp_path, task).values()
    places = {row.entry.name: row.place for row in table.rows if row.place}
    assert names(table)[-1] == "uneven"
    assert (places["uneven"].lower, places["uneven"].upper) == (3, 3)
    assert {(places[name].lower, places[name].upper) for name in ("even", "close")} == {(1, 2)}
    assert table.ranking is not None
    assert (table.ranking.groups, table.ranking.images) == (5, 3000)
    assert "all 3 pairs and 5 groups at once" in table_view(task, table).caption


def test_copies_of_a_worst_group_row_fold_by_image(tmp_path: Path) -> None:
    task = group_task(tmp_path / "tasks")
    made = worst_group([0.9] * 5, 1000, 1)
    add_scores(tmp_path / "submissions", task, Method("original", "O", 0, 1), made)
    values, scale = made.outcomes["primary"]
    image = int(np.flatnonzero(values.any(axis=0))[0])
    copied = values.copy()
    copied[:, image] = 0  # one right answer less, whichever its group
    made.outcomes["primary"] = (copied, scale)
    made.scores["worst_group_accuracy"] = {"value": int(copied.sum(axis=1).min()) / (scale * 1000)}
    add_scores(tmp_path / "submissions", task, Method("copy", "C", 0, 1, started="2026-05-05T00:00:00Z"), made)
    found = read(tmp_path, task)
    assert (names(found["ranked"]), names(found["folded"])) == (["original"], ["copy"])
    assert "99.90 %" in found["folded"].rows[0].reason


def test_a_worst_group_is_never_one_where_lower_is_better() -> None:
    values = np.ones((2, 3), np.int64)
    with pytest.raises(ValueError, match="higher must be better"):
        rank([Outcomes(values, 1, values.sum(axis=0), ("images",))], higher_is_better=False)


@pytest.mark.parametrize("scale", [10**9, 10**6])
def test_weights_too_large_for_exact_products_rank_all_the_same(scale: int) -> None:
    generator = np.random.default_rng(0)
    weights = generator.integers(1, 40, 1500)
    rows = [np.where(generator.random(1500) < chance, weights * scale, 0) for chance in (0.5, 0.7, 0.71)]
    outcomes = [Outcomes(row, scale, row, ("images",)) for row in rows]
    small = [replace(row, values=row.values // scale, scale=1) for row in outcomes]
    assert rank(outcomes).places == rank(small).places
    assert rank(outcomes).places[0].rank == 3


def test_equal_scores_share_a_rank_though_their_images_differ() -> None:
    first = np.tile([10**9, 0], 500)
    outcomes = [Outcomes(row, 10**9, row, ("images",)) for row in (first, first[::-1].copy())]
    assert [place.rank for place in rank(outcomes).places] == [1, 1]


def test_no_rows_have_no_places() -> None:
    assert rank([]).places == ()
