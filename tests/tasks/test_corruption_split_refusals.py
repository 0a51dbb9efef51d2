"""Splits of corruption tasks: which copies of the images pass, and what is refused where one was changed."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from one_run import TASK, scored_run

from benchmark import score as score_module
from benchmark.errors import MettleError

pytestmark = pytest.mark.usefixtures("own_cache")


def broken_copy(corruption_tasks: Path, target: Path) -> Iterator[Path]:
    shutil.copytree(corruption_tasks, target)
    yield from (target / "corruption" / "splits").iterdir()


def test_an_error_in_a_worker_arrives_whole(corruption_tasks: Path, tmp_path: Path) -> None:
    for file in broken_copy(corruption_tasks, tmp_path / "tasks"):
        if file.suffix == ".npy":
            np.save(file, np.zeros_like(np.load(file)))
    with pytest.raises(MettleError, match="the checksums are int8") as error:
        scored_run(tmp_path / "tasks", tmp_path, workers=2)
    assert pickle.loads(pickle.dumps(error.value)).args == error.value.args


@pytest.mark.usefixtures("mirror")
def test_official_copy_and_mirror_copy_both_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The images a mirror may hold as approximations decide no hash, whatever the copy says of itself."""
    from dataclasses import replace

    from benchmark import data
    from benchmark.task_registry import find_task
    from tasks.corruption.corrupted_accuracy import PROTOCOL

    ours = data.load("cifar10", "test")
    assert not ours.exact.all()
    images = np.array(ours.images)
    images[~ours.exact] ^= 3
    official = replace(ours, images=images, exact=np.ones(len(ours), bool), copy="official", pixels_sha256="0" * 64)
    for copy in (ours, official):
        monkeypatch.setattr(data, "load", lambda *_, copy=copy: copy)
        split = PROTOCOL.open_split(find_task("corruption/cifar10-mc"))
        (cell,) = split.cells(["brightness/1"])
        assert cell[1].shape == ours.images.shape
        assert split.cell_notes == {}


def test_changed_split_is_refused(corruption_tasks: Path, tmp_path: Path) -> None:
    for file in broken_copy(corruption_tasks, tmp_path / "tasks"):
        if file.suffix == ".json":
            file.write_text(file.read_text().replace('"seed": 61', '"seed": 62'))
    with pytest.raises(MettleError, match="the split has the sha256"):
        scored_run(tmp_path / "tasks", tmp_path, workers=1)


def repin(folder: Path, change: dict) -> None:
    """Change a split and its pinned hash: what another platform, or another generator, would look like."""
    from benchmark.pin import write_split
    from benchmark.task_registry import find_task

    entry = find_task(TASK, folder)
    assert entry.task.data.split is not None
    path = entry.folder / entry.task.data.split
    write_split(entry, json.dumps(json.loads(path.read_text()) | change))


def test_cell_that_is_almost_equal_is_noted_and_one_that_is_not_is_refused(
    corruption_tasks: Path, tmp_path: Path
) -> None:
    from benchmark.data.checksums import values_sha256
    from benchmark.task_registry import find_task

    folder = tmp_path / "tasks"
    shutil.copytree(corruption_tasks, folder)
    split = find_task(TASK, folder).split
    cells = split["cells"] | {"fog/2": "0" * 64}
    repin(folder, {"cells": cells})
    record = scored_run(folder, tmp_path / "a", workers=1)
    assert any("fog/2 differs from the manifest within tolerance" in note for note in record.run.notes)

    path = folder / "corruption" / "splits" / split["checksums"]
    checksums = np.load(path)
    checksums[list(cells).index("fog/2"), :40] += 5
    np.save(path, checksums)
    repin(folder, {"checksums_sha256": values_sha256(checksums)})
    score_module.close()  # a job that is open keeps its split
    with pytest.raises(MettleError, match=r"cell fog/2: .* 40 images, about 32 grey levels") as error:
        scored_run(folder, tmp_path / "b", workers=1)
    assert "\n" not in str(error.value)
