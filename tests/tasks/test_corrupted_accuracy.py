"""The corruption protocol end to end on 500 test images: equal results however it is run, and what a record holds."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from one_run import COUNT, TASK, one_run, scored_run

from benchmark import score as score_module
from benchmark.documents import read_record
from benchmark.documents.store import read_outcomes
from benchmark.evaluation import Options, score_submission

pytestmark = pytest.mark.usefixtures("own_cache")


def test_equal_result_for_any_workers_and_batch_size(corruption_tasks: Path, tmp_path: Path) -> None:
    runs = [
        scored_run(corruption_tasks, tmp_path / "a", workers=1, batch_size=500),
        scored_run(corruption_tasks, tmp_path / "b", workers=2, batch_size=64, fresh=True),
        scored_run(corruption_tasks, tmp_path / "c", workers=1, batch_size=7, fresh=True),
    ]
    assert len({run.id for run in runs}) == 1
    assert [run.run.batch_size for run in runs] == [500, 64, 7]


def test_equal_result_from_any_data_source(
    corruption_tasks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    debian = Path("/usr/share/datasets/fashion-mnist")
    if not debian.is_dir():
        pytest.skip("needs Debian's package dataset-fashion-mnist for a second source")
    monkeypatch.delenv("METTLE_MIRROR", raising=False)
    score_module.close()  # a job that is open keeps its data set
    first = scored_run(corruption_tasks, tmp_path / "a", workers=1)
    shutil.copytree(debian, tmp_path / "mirror")
    monkeypatch.setenv("METTLE_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "second-cache"))
    score_module.close()
    second = scored_run(corruption_tasks, tmp_path / "b", workers=1)
    assert first.run.data_source != second.run.data_source
    assert first.result == second.result


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fashion-mnist-mlp", "fashion-mnist-airbench"])
def test_equal_result_for_one_image_at_a_time(corruption_tasks: Path, tmp_path: Path, name: str) -> None:
    whole = scored_run(corruption_tasks, tmp_path / "a", name, workers=1, batch_size=500)
    single = scored_run(corruption_tasks, tmp_path / "b", name, workers=2, batch_size=1, fresh=True)
    assert whole.result == single.result


def test_record_holds_what_the_board_needs(corruption_tasks: Path, tmp_path: Path) -> None:
    submission = one_run("fashion-mnist-mlp", tmp_path / "one-run")
    (path,) = score_submission(submission, TASK, Options(out=tmp_path, tasks_dir=corruption_tasks, workers=1))
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


def command(corruption_tasks: Path, out: Path) -> list[str]:
    submission = one_run("fashion-mnist-airbench", corruption_tasks.parent / "one-run")
    return [
        sys.executable, "-m", "benchmark.cli", "score", str(submission),
        "--task", TASK, "--tasks-dir", str(corruption_tasks), "--out", str(out), "--workers", "2",
    ]  # fmt: skip


@pytest.mark.slow
def test_killed_at_random_moments_and_resumed(corruption_tasks: Path, tmp_path: Path) -> None:
    expected = scored_run(corruption_tasks, tmp_path / "straight", "fashion-mnist-airbench", workers=2, fresh=True)
    rng = random.Random(7)
    environment = os.environ | {"METTLE_CACHE": str(tmp_path / "killed-cache")}
    shards = tmp_path / "killed-cache" / "shards"
    finished = 0
    for _ in range(3):
        process = subprocess.Popen(
            command(corruption_tasks, tmp_path / "killed"),
            env=environment,
            start_new_session=True,
            stderr=subprocess.DEVNULL,
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
    last = subprocess.run(
        command(corruption_tasks, tmp_path / "killed"), env=environment, stderr=subprocess.PIPE, text=True
    )
    assert last.returncode == 0, last.stderr
    (found,) = (tmp_path / "killed").rglob("*.json")
    assert read_record(found).result == expected.result


def runs_in_group(group: int) -> bool:
    """Whether a process of a process group still runs; one that has ended and waits to be reaped does not."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    return any(int(line.split()[0]) == group and line.split()[1][0] != "Z" for line in listed.splitlines())


def test_interrupted_workers_leave_no_process_behind(corruption_tasks: Path, tmp_path: Path) -> None:
    environment = os.environ | {"METTLE_CACHE": str(tmp_path / "interrupted-cache")}
    process = subprocess.Popen(
        command(corruption_tasks, tmp_path / "out"),
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
