"""The corruption protocol end to end on 500 test images: equal results however it is run, floors, flags, refusals."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from one_run import one_run
from small_tasks import small_task
from torch import nn

from benchmark import evaluate
from benchmark import score as score_module
from benchmark.documents import Record, read_record
from benchmark.documents.store import read_outcomes
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission
from benchmark.paths import ROOT

TASK = "corruption/fashion-mnist-mc"
COUNT = 500


@pytest.fixture(scope="module")
def tasks_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_task(tmp_path_factory.mktemp("small") / "tasks", COUNT)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))


def score(tasks_dir: Path, out: Path, name: str = "fashion-mnist-mlp", **options: object) -> Record:
    settings = Options(out=out, tasks_dir=tasks_dir, **options)  # type: ignore[arg-type]
    (path,) = score_submission(one_run(name, tasks_dir.parent / "one-run"), TASK, settings)
    return read_record(path)


def test_equal_result_for_any_workers_and_batch_size(tasks_dir: Path, tmp_path: Path) -> None:
    runs = [
        score(tasks_dir, tmp_path / "a", workers=1, batch_size=500),
        score(tasks_dir, tmp_path / "b", workers=2, batch_size=64, fresh=True),
        score(tasks_dir, tmp_path / "c", workers=1, batch_size=7, fresh=True),
    ]
    assert len({run.id for run in runs}) == 1
    assert [run.run.batch_size for run in runs] == [500, 64, 7]


def test_equal_result_from_any_data_source(tasks_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debian = Path("/usr/share/datasets/fashion-mnist")
    if not debian.is_dir():
        pytest.skip("needs Debian's package dataset-fashion-mnist for a second source")
    monkeypatch.delenv("METTLE_MIRROR", raising=False)
    first = score(tasks_dir, tmp_path / "a", workers=1)
    shutil.copytree(debian, tmp_path / "mirror")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "second-cache"))
    score_module.close()  # a job that is open keeps its data set
    second = score(tasks_dir, tmp_path / "b", workers=1)
    assert first.run.data_source != second.run.data_source
    assert first.result == second.result


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fashion-mnist-mlp", "fashion-mnist-airbench"])
def test_equal_result_for_one_image_at_a_time(tasks_dir: Path, tmp_path: Path, name: str) -> None:
    whole = score(tasks_dir, tmp_path / "a", name, workers=1, batch_size=500)
    single = score(tasks_dir, tmp_path / "b", name, workers=2, batch_size=1, fresh=True)
    assert whole.result == single.result


def test_record_holds_what_the_board_needs(tasks_dir: Path, tmp_path: Path) -> None:
    submission = one_run("fashion-mnist-mlp", tmp_path / "one-run")
    (path,) = score_submission(submission, TASK, Options(out=tmp_path, tasks_dir=tasks_dir, workers=1))
    record = read_record(path)
    outcomes = read_outcomes(path, record)
    primary = record.result.outcomes["primary"]
    assert np.mean(outcomes["primary"] / primary.scale) == pytest.approx(record.result.scores["mean_accuracy"].value)
    cells = {name: cell["accuracy"] for name, cell in record.result.cells.items() if name != "clean"}
    assert len(cells) == 75
    assert np.mean(list(cells.values())) == pytest.approx(record.result.scores["mean_accuracy"].value)
    clean = np.unpackbits(outcomes["clean_correct"], count=COUNT).mean()
    assert clean == pytest.approx(record.result.scores["clean_accuracy"].value)
    by_corruption = {name: np.mean([cells[f"{name}/{s}"] for s in range(1, 6)]) for name in {c[:-2] for c in cells}}
    assert record.result.scores["worst_corruption_accuracy"].value == pytest.approx(min(by_corruption.values()))
    assert record.result.cost is not None
    assert record.result.cost.parameters > 0
    assert record.result.flags == []


def command(tasks_dir: Path, out: Path) -> list[str]:
    submission = one_run("fashion-mnist-airbench", tasks_dir.parent / "one-run")
    return [
        sys.executable, "-m", "benchmark.cli", "score", str(submission),
        "--task", TASK, "--tasks-dir", str(tasks_dir), "--out", str(out), "--workers", "2",
    ]  # fmt: skip


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed(tasks_dir: Path, tmp_path: Path) -> None:
    expected = score(tasks_dir, tmp_path / "straight", "fashion-mnist-airbench", workers=2, fresh=True)
    rng = random.Random(7)
    environment = os.environ | {"METTLE_CACHE": str(tmp_path / "killed-cache")}
    shards = tmp_path / "killed-cache" / "shards"
    finished = 0
    for _ in range(3):
        process = subprocess.Popen(
            command(tasks_dir, tmp_path / "killed"), env=environment, start_new_session=True, stderr=subprocess.DEVNULL
        )
        wanted = finished + rng.randint(1, 20)
        while process.poll() is None and len(list(shards.glob("*/*.npz"))) < wanted:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.2))
        assert process.poll() is None, "it ended before it was killed"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert len(list(shards.glob("*/*.npz"))) >= wanted, "a killed run loses what it had finished"
        finished = len(list(shards.glob("*/*.npz")))
    last = subprocess.run(command(tasks_dir, tmp_path / "killed"), env=environment, stderr=subprocess.PIPE, text=True)
    assert last.returncode == 0, last.stderr
    (found,) = (tmp_path / "killed").rglob("*.json")
    assert read_record(found).result == expected.result


def runs_in_group(group: int) -> bool:
    """Whether a process of a process group still runs; one that has ended and waits to be reaped does not."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    return any(int(line.split()[0]) == group and line.split()[1][0] != "Z" for line in listed.splitlines())


def test_interrupted_workers_leave_no_process_behind(tasks_dir: Path, tmp_path: Path) -> None:
    environment = os.environ | {"METTLE_CACHE": str(tmp_path / "interrupted-cache")}
    process = subprocess.Popen(
        command(tasks_dir, tmp_path / "out"),
        env=environment,
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts background jobs with SIGINT ignored, and Python keeps it so.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    shards = tmp_path / "interrupted-cache" / "shards"
    deadline = time.monotonic() + 60
    while not list(shards.glob("*/*.npz")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in " ".join(error.split())
    deadline = time.monotonic() + 20
    while runs_in_group(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not runs_in_group(process.pid)
    assert not list((tmp_path / "out").rglob("*.json"))


class Constant(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(images), 10, dtype=images.dtype)
        logits[:, 3] = 1
        return logits


class Tied(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(images), 10, dtype=images.dtype)


class Random(nn.Module):
    """Logits that are a fixed wild function of the pixels, with no relation to the classes."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weight = nn.Parameter(torch.randn(784, 10, generator=generator))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.sin(1e4 * images.flatten(1) @ self.weight)


def labels() -> np.ndarray:
    from benchmark import data

    return data.load("fashion-mnist", "test").labels[:COUNT]


@pytest.mark.parametrize(("net", "predicted"), [(Constant(), 3), (Tied(), 0)])
def test_constant_model_is_at_the_floor(tasks_dir: Path, net: nn.Module, predicted: int) -> None:
    scores = evaluate(net, TASK, options=Options(tasks_dir=tasks_dir)).result.scores
    share = (labels() == predicted).mean()
    assert scores["mean_accuracy"].value == pytest.approx(share)
    assert abs(share - 0.1) < 0.04


def test_random_model_is_at_the_floor(tasks_dir: Path) -> None:
    score = evaluate(Random(), TASK, options=Options(tasks_dir=tasks_dir)).result.scores["mean_accuracy"]
    assert score.lower is not None
    assert score.lower < 0.1 < score.value + 3 * (score.value - score.lower)


class DependsOnBatch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(784, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        flat = images.flatten(1)
        return self.linear(flat - flat.mean(dim=0))


def test_batch_dependence_is_flagged(tmp_path: Path) -> None:
    tiny = small_task(tmp_path / "tasks", 60, corruptions=["brightness"], severities=1)
    torch.manual_seed(0)
    record = evaluate(DependsOnBatch(), TASK, options=Options(tasks_dir=tiny))
    assert [flag.name for flag in record.result.flags] == ["batch-dependent"]


class NotANumber(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.full((len(images), 10), float("nan"), dtype=images.dtype)


def test_an_error_in_a_worker_arrives_whole(tasks_dir: Path, tmp_path: Path) -> None:
    for file in broken_copy(tasks_dir, tmp_path / "tasks"):
        if file.suffix == ".npy":
            np.save(file, np.zeros_like(np.load(file)))
    with pytest.raises(MettleError, match="the checksums are int8") as error:
        score(tmp_path / "tasks", tmp_path, workers=2)
    assert pickle.loads(pickle.dumps(error.value)).args == error.value.args


def test_nan_logits_name_cell_and_image(tasks_dir: Path) -> None:
    with pytest.raises(MettleError, match=r"cell clean: logits must be finite.*image 0"):
        evaluate(NotANumber(), TASK, options=Options(tasks_dir=tasks_dir))


@pytest.fixture(scope="module")
def whole_test_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_task(tmp_path_factory.mktemp("whole") / "tasks", 10_000, corruptions=["brightness"], severities=1)


@pytest.mark.slow
def test_canary_finds_a_model_trained_on_the_test_images(whole_test_set: Path) -> None:
    from benchmark import data

    test = data.load("fashion-mnist", "test")
    torch.manual_seed(0)
    torch.set_num_threads(1)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 10))
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    images = torch.from_numpy(np.array(test.images)).permute(0, 3, 1, 2).float() / 255
    targets = torch.from_numpy(test.labels)
    for _ in range(60):
        for batch in torch.randperm(len(images)).split(100):
            loss = nn.functional.cross_entropy(net(images[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    record = evaluate(net, TASK, options=Options(tasks_dir=whole_test_set))
    assert record.result.scores["clean_accuracy"].value > 0.97
    assert [flag.name for flag in record.result.flags] == ["canary"]


@pytest.mark.slow
def test_no_honest_baseline_raises_the_canary_flag(whole_test_set: Path, tmp_path: Path) -> None:
    for folder in sorted((ROOT / "submissions").glob("fashion-mnist-*")):
        if not (folder / "records" / TASK).is_dir():
            continue  # its nets are for other images or classes
        record = score(whole_test_set, tmp_path, folder.name, workers=1)
        assert record.result.flags == [], folder.name


def broken_copy(tasks_dir: Path, target: Path) -> Iterator[Path]:
    shutil.copytree(tasks_dir, target)
    yield from (target / "corruption" / "splits").iterdir()


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


def test_changed_split_is_refused(tasks_dir: Path, tmp_path: Path) -> None:
    for file in broken_copy(tasks_dir, tmp_path / "tasks"):
        if file.suffix == ".json":
            file.write_text(file.read_text().replace('"seed": 61', '"seed": 62'))
    with pytest.raises(MettleError, match="the split has the sha256"):
        score(tmp_path / "tasks", tmp_path, workers=1)


def repin(folder: Path, change: dict) -> None:
    """Change a split and its pinned hash: what another platform, or another generator, would look like."""
    from benchmark.pin import write_split
    from benchmark.task_registry import find_task

    entry = find_task(TASK, folder)
    assert entry.task.data.split is not None
    path = entry.folder / entry.task.data.split
    write_split(entry, json.dumps(json.loads(path.read_text()) | change))


def test_cell_that_is_almost_equal_is_noted_and_one_that_is_not_is_refused(tasks_dir: Path, tmp_path: Path) -> None:
    from benchmark.data.checksums import values_sha256
    from benchmark.task_registry import find_task

    folder = tmp_path / "tasks"
    shutil.copytree(tasks_dir, folder)
    split = find_task(TASK, folder).split
    cells = split["cells"] | {"fog/2": "0" * 64}
    repin(folder, {"cells": cells})
    record = score(folder, tmp_path / "a", workers=1)
    assert any("fog/2 differs from the manifest within tolerance" in note for note in record.run.notes)

    path = folder / "corruption" / "splits" / split["checksums"]
    checksums = np.load(path)
    checksums[list(cells).index("fog/2"), :40] += 5
    np.save(path, checksums)
    repin(folder, {"checksums_sha256": values_sha256(checksums)})
    score_module.close()  # a job that is open keeps its split
    with pytest.raises(MettleError, match=r"cell fog/2: .* 40 images, about 32 grey levels") as error:
        score(folder, tmp_path / "b", workers=1)
    assert "\n" not in str(error.value)
