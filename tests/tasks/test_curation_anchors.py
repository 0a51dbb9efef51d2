"""The script of the anchors: what it draws, that it goes on where it was, and that runs of others stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_curation import small_curation

from benchmark.documents.measured.curation_anchors import AnchorRun, Arm, TaskAnchors, read_curation_reference
from benchmark.task_registry import TaskEntry, find_task
from scripts import measure_curation_anchors
from scripts.measure_curation_anchors import choice_of, measure
from tasks.curation.split import OpenCuration, open_curation

TASK = "curation/fashion-mnist-dirty-1k"


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> TaskEntry:
    folder = small_curation(tmp_path_factory.mktemp("small") / "tasks", TASK.split("/")[1], steps=3)
    return find_task(TASK, folder)


@pytest.fixture(scope="module")
def split(entry: TaskEntry) -> OpenCuration:
    return open_curation(entry)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))


def slots_of(split: OpenCuration, arm: Arm, seed: int) -> np.ndarray:
    slots = choice_of(split, arm, seed).indices
    assert slots is not None
    return slots


def test_random_choices_are_balanced_and_oracle_ones_sound(split: OpenCuration) -> None:
    pool = split.pool
    random, oracle, other = slots_of(split, "random", 0), slots_of(split, "oracle", 0), slots_of(split, "random", 1)
    for slots in (random, oracle):
        assert np.bincount(pool.labels[slots]).tolist() == [100] * 10
        assert len(np.unique(slots)) == 1000
    assert pool.mislabelled[random].mean() == pytest.approx(0.2, abs=0.04)
    assert not (pool.mislabelled | pool.outliers)[oracle].any()
    assert len(np.unique(pool.sources[oracle])) == 1000
    assert not np.array_equal(random, other)


def test_runs_are_added_once_and_finished_ones_are_kept(entry: TaskEntry, capsys: pytest.CaptureFixture[str]) -> None:
    measure(entry, "random", 1)
    measure(entry, "oracle", 1)
    first = read_curation_reference(entry.folder).anchors[f"{TASK}.v1"]
    measure(entry, "random", 2)
    both = read_curation_reference(entry.folder).anchors[f"{TASK}.v1"]
    assert both.arms["random"][0] == first.arms["random"][0]
    assert both.arms["oracle"] == first.arms["oracle"]
    assert [run.choice_seed for run in both.arms["random"]] == [0, 1]
    assert len({run.net_seed for run in both.arms["random"]}) == 2
    assert capsys.readouterr().out.count("random:") == 2  # the second call trained one net
    assert both.split_sha256 == entry.task.data.split_sha256


def test_a_run_that_another_process_finished_first_is_not_kept_twice(
    entry: TaskEntry, split: OpenCuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (AnchorRun(choice_seed=0, net_seed=10_000, right=right) for right in (300, 301))

    def while_another_finishes(*_: object) -> AnchorRun:
        measure_curation_anchors._keep(entry, split, "oracle", first)
        return second

    monkeypatch.setattr(measure_curation_anchors, "_trained", while_another_finishes)
    (entry.folder / "reference.json").unlink(missing_ok=True)
    measure(entry, "oracle", 1)
    assert read_curation_reference(entry.folder).anchors[f"{TASK}.v1"].arms["oracle"] == [first]


@pytest.mark.parametrize("seeds", [[(0, 1), (0, 2)], [(1, 1), (0, 2)], [(0, 1), (1, 1)]])
def test_runs_out_of_order_and_double_ones_are_refused(seeds: list[tuple[int, int]]) -> None:
    runs = [AnchorRun(choice_seed=choice, net_seed=net, right=3) for choice, net in seeds]
    with pytest.raises(ValueError, match="the seeds of the runs of random ascend, and none is there twice"):
        TaskAnchors(task_sha256="0" * 64, split_sha256="0" * 64, tested=10, arms={"random": runs})
