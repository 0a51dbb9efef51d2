"""Outcomes of each pair test against the score they must give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic import Method
from synthetic_families import (
    GROUP_SCALE,
    SETS,
    Scores,
    add_scores,
    auroc,
    detection,
    detection_task,
    group_task,
    pooled_ranks,
    worst_group,
    write_family_task,
)

from benchmark.documents import Task
from benchmark.errors import MettleError
from leaderboard.collect import collect
from leaderboard.entry import Entry

METHOD = Method("net", "Net", 0, 1)


def read(folder: Path, task: Task, *named: tuple[str, Scores]) -> list[Entry]:
    for name, made in named:
        add_scores(folder / "submissions", task, replace(METHOD, name=name), made)
    return collect([folder / "submissions"], folder / "tasks", folder / "none").entries[task.id, 1]


def refused(folder: Path, task: Task, made: Scores, words: str) -> None:
    with pytest.raises(MettleError, match=words):
        read(folder, task, ("net", made))


def test_worst_group_is_the_smallest_row_mean(tmp_path: Path) -> None:
    (entry,) = read(tmp_path, group_task(tmp_path / "tasks"), ("net", worst_group([0.9, 0.9, 0.5, 0.9, 0.8], 500, 1)))
    assert entry.outcomes is not None
    assert entry.outcomes.values.shape == (5, 500)
    assert entry.outcomes.count == 500
    means = entry.outcomes.values.mean(axis=1) / GROUP_SCALE
    assert means.argmin() == 2
    assert means.min() == pytest.approx(entry.record.result.scores["worst_group_accuracy"].value, abs=1e-9)


def test_a_score_that_is_not_the_smallest_is_refused(tmp_path: Path) -> None:
    made = worst_group([0.9, 0.9, 0.5, 0.9, 0.8], 500, 1)
    made.scores["worst_group_accuracy"].update(value=made.scores["accuracy"]["value"], upper=1.0)
    refused(tmp_path, group_task(tmp_path / "tasks"), made, "smallest row mean")


def shares(values: np.ndarray, scale: int, value: float) -> Scores:
    return Scores({"share": {"value": value}}, outcomes={"primary": (values, scale)})


@pytest.mark.parametrize(
    ("pair_test", "values", "words"),
    [
        ("worst_group", np.ones(6, np.int64), "a whole number for each group and image"),
        ("paired_mean", np.ones((2, 3), np.int64), "a whole number for each image"),
        ("paired_mean", np.array([3, -1, 1]), "are not negative"),
        ("mcnemar", np.array([0, 2, 1]), "lie in 0 to their scale"),
    ],
)
def test_outcomes_that_do_not_fit_their_test(tmp_path: Path, pair_test: str, values: np.ndarray, words: str) -> None:
    task = write_family_task(tmp_path / "tasks", "subgroup/x", pair_test, "share", ())
    refused(tmp_path, task, shares(values, 1, 1.0), words)


def test_weights_may_exceed_the_scale(tmp_path: Path) -> None:
    task = write_family_task(tmp_path / "tasks", "subgroup/x", "paired_mean", "share", ())
    weighted = np.array([5, 0, 1, 0]) * 10**8  # half of the weight lies on one image
    (entry,) = read(tmp_path, task, ("net", shares(weighted, 2 * 10**8, 0.75)))
    assert entry.outcomes is not None
    assert entry.outcomes.values.max() > entry.outcomes.scale


@pytest.mark.parametrize("shared", [False, True])
def test_detection_outcomes_give_the_mean_auroc(tmp_path: Path, shared: bool) -> None:
    made = detection([1.0, 1.5], 3, shared=shared)
    (entry,) = read(tmp_path, detection_task(tmp_path / "tasks"), ("net", made))
    by_hand = []
    for index, strength in enumerate((1.0, 1.5)):
        ranks = pooled_ranks(strength, 3 + 100 * index, 300)
        by_hand += [auroc(ranks["in"], ranks[f"out/{name}"]) for name in SETS]
    assert entry.outcomes is not None
    assert entry.outcomes.values.mean() / entry.outcomes.scale == pytest.approx(np.mean(by_hand), abs=1e-6)
    assert entry.runs("far_ood_auroc") == pytest.approx(
        {"seed 1": np.mean(by_hand[:2]), "seed 2": np.mean(by_hand[2:])}, abs=1e-9
    )


def change(name: str, array: np.ndarray | None) -> Callable[[dict[str, Any]], None]:
    def apply(outcomes: dict[str, Any]) -> None:
        if array is None:
            del outcomes[name]
        else:
            outcomes[name] = (array, 1)

    return apply


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (change("unit/seed 1/in", None), "ranks say which images they are of"),
        (change("unit/seed 1/in", np.arange(299, dtype=np.uint32)), "one unsigned whole number an image"),
        (change("unit/seed 1/in", np.full(300, 4_000_000_000, np.uint32)), "below 10,000,000"),
        (change("rank/seed 1/in", np.full(300, 4_000_000_000, np.uint32)), "is the mean of its outcomes"),
        (change("rank/seed 1/in", np.zeros(300)), "one unsigned whole number an image"),
        (change("rank/seed 1/in", np.zeros(300, np.uint16)), "is the mean of its outcomes"),
        (change("rank/seed 1/in", None), "rank images of both kinds"),
    ],
)
def test_ranks_that_are_not_whole(tmp_path: Path, edit: Callable[[dict[str, Any]], None], words: str) -> None:
    made = detection(1.0, 3)
    edit(made.outcomes)
    refused(tmp_path, detection_task(tmp_path / "tasks"), made, words)


def test_other_images_are_refused(tmp_path: Path) -> None:
    moved = detection(1.0, 4)
    units = moved.outcomes["unit/seed 1/in"][0].copy()
    units[0] = 5000
    moved.outcomes["unit/seed 1/in"] = (units, 1)
    with pytest.raises(MettleError, match="outcomes of the same images"):
        read(tmp_path, detection_task(tmp_path / "tasks"), ("a", detection(1.0, 3)), ("b", moved))


def test_other_groups_are_refused(tmp_path: Path) -> None:
    fewer = worst_group([0.9] * 5, 500, 2)
    values, scale = fewer.outcomes["primary"]
    kept = values[:4]
    fewer.outcomes["primary"] = (kept, scale)
    fewer.scores["worst_group_accuracy"] = {"value": int(kept.sum(axis=1).min()) / (scale * 500)}
    with pytest.raises(MettleError, match="same 5 groups"):
        read(tmp_path, group_task(tmp_path / "tasks"), ("a", worst_group([0.9] * 5, 500, 1)), ("b", fewer))


def test_one_run_and_three_runs_are_of_the_same_images(tmp_path: Path) -> None:
    made = [("one", detection(1.0, 3)), ("three", detection([1.0, 1.1, 1.2], 5, shared=True))]
    entries = read(tmp_path, detection_task(tmp_path / "tasks"), *made)
    sizes = [entry.outcomes.values.size for entry in entries if entry.outcomes is not None]
    assert sizes == [sizes[0]] * 2
