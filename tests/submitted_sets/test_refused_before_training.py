"""Bad sets on the real tasks, through the command people use: one line, exit code 2, and nothing was trained."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hostile_files import bare_pickle, bomb, header_of, pickled_npz, safetensors

from benchmark import cli
from benchmark.initialise import initialise
from benchmark.task_registry import find_task

DISTILLED, CURATED = "distillation/fashion-mnist-ipc1", "curation/fashion-mnist-coreset-1k"
IMAGES = np.random.default_rng(0).integers(0, 256, (10, 1, 28, 28), dtype=np.uint8)
LABELS = np.arange(10)
OWN = IMAGES.transpose(0, 2, 3, 1)
CHOICE = np.arange(1000)
NAN = np.full((10, 10), np.nan, np.float32)


def of(**arrays: np.ndarray) -> Callable[[Path], Path]:
    return lambda path: safetensors(path, **arrays)


def changed(array: np.ndarray, position: int, value: float) -> np.ndarray:
    array = array.copy()
    array[position] = value
    return array


ONE_OVER = of(images=np.concatenate([IMAGES, IMAGES[:1]]), labels=np.append(LABELS, 0))
BAD = {
    "distilled of a wrong shape": (DISTILLED, of(images=IMAGES[..., :27], labels=LABELS), "of shape (N, 1, 28, 28)"),
    "distilled with NaN": (DISTILLED, of(images=IMAGES, soft_labels=NAN), "but got nan at position 0, 0"),
    "distilled with a foreign label": (DISTILLED, of(images=IMAGES, labels=LABELS + 1), "10 at position 9"),
    "distilled one over": (DISTILLED, ONE_OVER, "the budget is 10 images, 1 times the 10 classes, but got 11. Leave"),
    "distilled without a class": (DISTILLED, of(images=IMAGES, labels=LABELS // 2 * 2), "none for class 1, 3, 5"),
    "distilled pickle": (DISTILLED, lambda path: bare_pickle(path, path.with_name("ran")), "a pickle, which is never"),
    "distilled objects": (DISTILLED, lambda path: pickled_npz(path.with_suffix(".npz"), path), "Python objects"),
    "distilled header": (DISTILLED, lambda path: header_of(path, 50 * 10**9), "50,000,000,000 bytes of header"),
    "distilled bomb": (DISTILLED, lambda path: bomb(path.with_suffix(".npz"), 70_000_000), "but got 70,000,000"),
    "curated zero weights": (
        CURATED, of(indices=CHOICE, weights=np.zeros(1000, np.float32)), "some weight is above 0, but got all are 0"
    ),
    "curated negative index": (CURATED, of(indices=changed(CHOICE, 17, -1)), "-1 at position 17"),
    "curated foreign index": (CURATED, of(indices=changed(CHOICE, 999, 60_000)), "60000 at position 999"),
    "curated one over": (CURATED, of(indices=np.arange(1001)), "the budget is 1,000 distinct images, but got 1,001"),
    "curated foreign label": (CURATED, of(images=OWN, labels=LABELS + 1), "10 at position 9"),
    "curated without provenance": (CURATED, of(images=OWN, labels=LABELS), "[artifacts.provenance]"),
    "curated pickle": (CURATED, lambda path: bare_pickle(path, path.with_name("ran")), "a pickle, which is never"),
    "curated header": (CURATED, lambda path: header_of(path, 50 * 10**9), "50,000,000,000 bytes of header"),
}  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("name", BAD)
def test_one_line_and_no_training(
    name: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    task, write, says = BAD[name]
    file = write(tmp_path / "set.safetensors")
    toml = initialise(tmp_path / "submissions", "bad", file, find_task(task).task)
    toml.write_text(toml.read_text().replace("your team", "a team").replace("your method", "a method"))
    monkeypatch.setenv("METTLE_CACHE", str(cache))
    words = ["score", toml.parent, "--quick", "--workers", "1", "--out", tmp_path / "out"]
    monkeypatch.setattr(sys, "argv", ["mettle", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    shown = capsys.readouterr()
    assert end.value.code == 2
    assert says in shown.err
    assert len(shown.err.strip().splitlines()) == 1
    assert not [path for path in cache.rglob("*") if "shards" in path.parts or path.suffix == ".training"]
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "ran").exists()
