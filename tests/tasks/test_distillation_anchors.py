"""The anchors: means over subsets, a script that goes on where it was, and documents that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark import data
from benchmark.documents.measured.distillation_anchors import (
    UNITS,
    Anchor,
    AnchorRun,
    Arm,
    independent_units,
    read_distillation_reference,
    summary,
)
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.set_making.recipe import read_set_recipe
from benchmark.task_registry import TaskEntry, find_task
from scripts import measure_distillation_anchors
from scripts.measure_distillation_anchors import measure, random_subset, seeds_of
from tasks.distillation.anchors import frozen_accuracies, read_anchor
from tests.tasks.small_distillation import small_distillation, write_anchor

TASK = "distillation/fashion-mnist-ipc1"
SHA = "0" * 64


def run(subset: int | None, net: int, accuracy: float) -> AnchorRun:
    return AnchorRun(subset_seed=subset, net_seed=net, accuracy=accuracy)


def test_nets_of_one_subset_are_one_unit() -> None:
    runs = [run(0, 1, 0.5), run(0, 2, 0.7), run(1, 3, 0.4)]
    assert independent_units(runs) == pytest.approx([0.6, 0.4])
    found = summary(runs)
    assert found["mean"] == pytest.approx(0.5)
    assert found["standard_error"] == pytest.approx(np.std([0.6, 0.4], ddof=1) / 2**0.5)
    assert summary(runs[:2]) == {"mean": pytest.approx(0.6), "sd": None, "standard_error": None}
    assert independent_units([run(None, 1, 0.5), run(None, 2, 0.7)]) == [0.5, 0.7]


def test_numbers_that_are_not_those_of_the_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="mean of an anchor"):
        Anchor(training="x", plan_sha256=SHA, split_sha256=SHA, runs=[run(None, 1, 0.5)], mean=0.6)
    with pytest.raises(ValueError, match="sd of an anchor"):
        Anchor(
            training="x",
            plan_sha256=SHA,
            split_sha256=SHA,
            runs=[run(None, 1, 0.5)],
            mean=0.5,
            sd=0.1,
            standard_error=0.1,
        )


def test_subsets_are_balanced_and_differ(tmp_path: Path) -> None:
    entry = find_task(TASK, small_distillation(tmp_path / "tasks"))
    training = data.load("fashion-mnist", "train", progress=False)
    first, second, again = (random_subset(entry, training, seed) for seed in (0, 1, 0))
    assert first.targets.sum(axis=0).tolist() == [1] * 10
    assert np.array_equal(first.images, again.images)
    assert not np.array_equal(first.images, second.images)


def test_no_subset_is_the_one_of_a_baseline() -> None:
    of_arm = {seeds_of("random", run)[0] for run in range(UNITS["random"])}
    assert len(of_arm) == UNITS["random"]
    assert not of_arm & {made.seed for made in read_set_recipe(ROOT / "submissions" / "dd-random" / "recipe.toml").sets}


def test_runs_are_kept_one_by_one_and_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    entry = find_task(TASK, small_distillation(tmp_path / "tasks"))
    measure(entry, "random", 1)
    (kept,) = read_distillation_reference(entry.folder).random["fashion-mnist-ipc1.v1"].runs
    assert 0.1 < kept.accuracy < 0.9
    capsys.readouterr()
    measure(entry, "random", 2)
    assert len(capsys.readouterr().out.splitlines()) == 1
    anchor = read_distillation_reference(entry.folder).random["fashion-mnist-ipc1.v1"]
    assert anchor.runs[0] == kept
    assert [(one.subset_seed, one.net_seed) for one in anchor.runs] == [seeds_of("random", net) for net in (0, 1)]
    assert anchor.standard_error is not None


def test_an_arm_counts_once_it_is_whole_and_later_runs_change_nothing(tmp_path: Path) -> None:
    entry = find_task(TASK, small_distillation(tmp_path / "tasks"))
    accuracies = [0.5 + net / 100 for net in range(UNITS["random"] + 1)]
    for runs, counted in (
        (UNITS["random"] - 1, None),
        (UNITS["random"], UNITS["random"]),
        (UNITS["random"] + 1, UNITS["random"]),
    ):
        write_anchor(entry, "random", accuracies[:runs])
        units = frozen_accuracies(entry, "random")
        assert (None if units is None else units.tolist()) == (accuracies[:counted] if counted else None)


def test_an_arm_counts_its_subsets_and_not_its_nets(tmp_path: Path) -> None:
    entry = find_task(TASK, small_distillation(tmp_path / "tasks"))
    accuracies = [0.5 + net / 100 for net in range(UNITS["random"])]
    write_anchor(entry, "random", accuracies, subsets=UNITS["random"] - 1)
    assert frozen_accuracies(entry, "random") is None
    write_anchor(entry, "random", [*accuracies, 0.9, 0.9])
    units = frozen_accuracies(entry, "random")
    assert units is not None
    assert units.tolist() == accuracies


def test_a_run_that_another_process_finished_first_is_not_kept_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    entry = find_task(TASK, small_distillation(tmp_path / "tasks"))

    def while_another_finishes(_entry: TaskEntry, _split: object, arm: Arm, seeds: tuple[int | None, int]) -> AnchorRun:
        measure_distillation_anchors._keep(entry, arm, run(*seeds, 0.5))
        return run(*seeds, 0.6)

    monkeypatch.setattr(measure_distillation_anchors, "_trained", while_another_finishes)
    measure(entry, "random", 2)
    anchor = read_anchor(entry, "random")
    assert anchor is not None
    assert [one.accuracy for one in anchor.runs] == [0.5, 0.5]


@pytest.mark.parametrize("nets", [(1, 1), (2, 1)])
def test_runs_out_of_order_and_double_ones_are_refused(nets: tuple[int, int]) -> None:
    runs = [run(None, net, 0.5) for net in nets]
    with pytest.raises(ValueError, match="the net seeds of an anchor's runs ascend, and none is there twice"):
        Anchor.model_validate({"training": "x", "plan_sha256": SHA, "split_sha256": SHA, "runs": runs, **summary(runs)})


def test_nets_of_another_plan_or_split_are_refused(tmp_path: Path) -> None:
    entry = find_task(TASK, small_distillation(tmp_path / "tasks"))
    for change in ({"plan_sha256": SHA}, {"split_sha256": SHA}):
        write_anchor(entry, "whole", [0.9, 0.91, 0.92], **change)
        with pytest.raises(MettleError, match=r"fashion-mnist \(whole\) belongs to another plan or split"):
            read_anchor(entry, "whole")


def test_a_bad_file_is_one_line(tmp_path: Path) -> None:
    entry = find_task(TASK, small_distillation(tmp_path / "tasks"))
    (entry.folder / "reference.json").write_text('{"random": {"x.v1": {"training": "x", "runs": []}}}')
    with pytest.raises(MettleError, match=r"random\.x\.v1\.plan_sha256"):
        read_distillation_reference(entry.folder)
