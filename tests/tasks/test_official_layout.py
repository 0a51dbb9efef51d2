"""The official .npy layout of CIFAR-10-C and its kin, on a small fixture: five severities after another in one file."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from small_tasks import CORRUPTION

from benchmark import data
from benchmark.corruptions import CORRUPTIONS, corrupt
from benchmark.documents import read_record
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission
from benchmark.paths import ROOT
from benchmark.pin import pin_task
from benchmark.task_registry import find_task

TASK = "corruption/fashion-c"
COUNT = 60
NAMES = ["gaussian_noise", "fog"]


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A tasks folder with a draft in the official layout, and the folder of its files."""
    files = tmp_path / "mirror" / "Fashion-C"
    files.mkdir(parents=True)
    test = data.load("fashion-mnist", "test")
    indices = np.arange(COUNT)
    for name in NAMES:
        cells = [
            corrupt(test.images[:COUNT], name, CORRUPTIONS[name].parameters_at(level / 5), seed=1, indices=indices)
            for level in range(1, 6)
        ]
        np.save(files / f"{name}.npy", np.concatenate(cells))
    np.save(files / "labels.npy", np.tile(test.labels[:COUNT], 5))
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    family = tmp_path / "tasks" / "corruption"
    family.mkdir(parents=True)
    text = (CORRUPTION / "fashion-mnist-c.v1.toml").read_text()
    text = text[: text.index("[settings]")].replace('id = "corruption/fashion-mnist-c"', f'id = "{TASK}"')
    text += '[settings]\ncells = "official"\nfolder = "Fashion-C"\nstandard = ["gaussian_noise", "fog"]\n'
    (family / "fashion-c.v1.toml").write_text(text)
    return tmp_path / "tasks", files


def run(tasks: Path, out: Path) -> Path:
    submission = ROOT / "submissions" / "fashion-mnist-mlp"
    return score_submission(submission, TASK, Options(out=out, tasks_dir=tasks, workers=1))[0]


def test_a_draft_is_not_scored_and_says_so(official: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="this task is a draft"):
        run(official[0], tmp_path)


def test_pinned_files_are_scored_cell_by_cell(official: tuple[Path, Path], tmp_path: Path) -> None:
    from benchmark.metrics import CONFIDENCE_EDGES
    from benchmark.models.decisions import Decider
    from benchmark.score import load_model

    tasks, files = official
    pin_task(TASK, tasks)
    entry = find_task(TASK, tasks)
    assert entry.task.state == "active"
    record = read_record(run(tasks, tmp_path / "out"))
    cells = record.result.cells
    assert set(cells) == {"clean", *(f"{name}/{severity}" for name in NAMES for severity in range(1, 6))}

    from benchmark.documents import read_submission

    submitted = read_submission(ROOT / "submissions" / "fashion-mnist-mlp").artifacts
    assert [artifact.sha256 for artifact in submitted] == [artifact.sha256 for artifact in record.result.artifacts]
    deciders = [
        Decider(
            load_model(entry, artifact, ROOT / "submissions" / "fashion-mnist-mlp" / str(artifact.path)).module,
            CONFIDENCE_EDGES,
        )
        for artifact in submitted
    ]
    labels = data.load("fashion-mnist", "test").labels[:COUNT]
    for name in NAMES:
        whole = np.load(files / f"{name}.npy")
        for severity in range(1, 6):
            rows = whole[(severity - 1) * COUNT : severity * COUNT]
            accuracies = [(decider.decide(rows, "x").predicted == labels).mean() for decider in deciders]
            assert cells[f"{name}/{severity}"]["accuracy"] == pytest.approx(np.mean(accuracies))
    mean = np.mean([cell["accuracy"] for key, cell in cells.items() if key != "clean"])
    assert record.result.scores["mean_accuracy"].value == pytest.approx(mean)


def test_pinning_twice_is_refused(official: tuple[Path, Path]) -> None:
    pin_task(TASK, official[0])
    with pytest.raises(MettleError, match="only a draft is pinned"):
        pin_task(TASK, official[0])


def test_missing_and_foreign_files_are_refused(official: tuple[Path, Path], tmp_path: Path) -> None:
    tasks, files = official
    (files / "fog.npy").rename(tmp_path / "fog.npy")
    with pytest.raises(MettleError, match=r"no fog\.npy"):
        pin_task(TASK, tasks)
    np.save(files / "fog.npy", np.zeros((5 * COUNT, 32, 32, 3), np.uint8))
    with pytest.raises(MettleError, match=r"it holds uint8 \(300, 28, 28, 1\)"):
        pin_task(TASK, tasks)
    shutil.copy(tmp_path / "fog.npy", files / "fog.npy")
    np.save(files / "labels.npy", np.zeros(5 * COUNT, np.int64))
    with pytest.raises(MettleError, match="in test order"):
        pin_task(TASK, tasks)


def test_changed_file_is_refused_before_it_is_parsed(official: tuple[Path, Path], tmp_path: Path) -> None:
    tasks, files = official
    pin_task(TASK, tasks)
    (files / "fog.npy").write_bytes(b"<html>")
    with pytest.raises(MettleError, match=r"fog\.npy: the file has the sha256"):
        run(tasks, tmp_path)


def test_absent_folder_says_where_to_put_it(official: tuple[Path, Path], tmp_path: Path) -> None:
    tasks, files = official
    pin_task(TASK, tasks)
    files.rename(tmp_path / "elsewhere")
    with pytest.raises(MettleError, match="put the folder there"):
        run(tasks, tmp_path)
