"""CIFAR-10N as a pool: the labels a user fetches, and what is said where they are missing or others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark import data
from benchmark.data.derived.human_labels import HUMAN_LABELS, WORSE, worse_labels
from benchmark.errors import MettleError
from benchmark.set_making.methods import Job, Oracle
from benchmark.set_making.proxy import Evidence
from benchmark.task_registry import find_task
from tasks.curation.split import open_curation

TASK = "curation/cifar10n-5k"


@pytest.mark.usefixtures("mirror")
def test_the_worse_labels_are_the_frozen_ones_and_40_percent_wrong() -> None:
    pool = open_curation(find_task(TASK)).pool
    assert pool.mislabelled.mean() == pytest.approx(0.4021, abs=5e-5)
    assert not pool.outliers.any()
    assert not pool.copied.any()
    np.testing.assert_array_equal(pool.sources, np.arange(50_000))


def no_evidence() -> Evidence:
    raise AssertionError("an oracle asks no net")


@pytest.mark.usefixtures("mirror")
def test_the_pool_is_the_data_set_that_recipes_choose_from() -> None:
    pool = open_curation(find_task(TASK)).pool
    loaded = data.load("cifar10n-worse", "train", progress=False)
    assert loaded.source.startswith("made from cifar10 (")
    np.testing.assert_array_equal(loaded.images, pool.images)
    np.testing.assert_array_equal(loaded.labels, pool.labels)
    chosen = Oracle(name="oracle").chosen(Job(loaded, 5000, 1, no_evidence, progress=False))
    assert not pool.mislabelled[chosen].any()
    assert np.bincount(loaded.labels[chosen]).tolist() == [500] * 10


def write(folder: Path, **arrays: np.ndarray) -> None:
    (folder / "labels").mkdir()
    np.savez(folder / "labels" / HUMAN_LABELS, **arrays)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, "no mirror folder has them"),
        ({WORSE: np.zeros(7, np.uint8)}, "has 50,000 labels"),
        ({"clean_label": np.zeros(50_000, np.uint8)}, f"with the array {WORSE}"),
    ],
)
def test_missing_and_other_files_are_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arrays: dict[str, np.ndarray], words: str
) -> None:
    if arrays:
        write(tmp_path, **arrays)
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path))
    with pytest.raises(MettleError, match=words) as refusal:
        worse_labels(50_000)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("damage", [-100, 150], ids=["cut", "compressed bytes"])
def test_a_damaged_file_is_refused_in_one_line_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: int
) -> None:
    file = tmp_path / HUMAN_LABELS
    np.savez_compressed(file, **{WORSE: np.arange(5000)})  # type: ignore[arg-type]
    whole = file.read_bytes()
    file.write_bytes(whole[:damage] if damage < 0 else whole[:damage] + b"\xff" * 8 + whole[damage + 8 :])
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path))
    with pytest.raises(MettleError, match=f"{HUMAN_LABELS}: it is an .npz file with the array {WORSE}") as refusal:
        worse_labels(5000)
    assert "tasks/curation/README.md" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.usefixtures("mirror")
def test_labels_other_than_the_frozen_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = open_curation(find_task(TASK))
    _ = split.origin
    write(tmp_path, **{WORSE: np.zeros(50_000, np.uint8)})
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path))
    with pytest.raises(MettleError, match="pool, labels_sha256: was frozen with"):
        _ = split.pool
