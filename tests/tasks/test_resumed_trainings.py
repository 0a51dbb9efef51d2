"""A scoring that trains nets, killed in the middle of a training, goes on from there to the same record."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmark.documents import read_record
from benchmark.evaluation import Options, score_submission
from benchmark.training import trainer
from tests.tasks.small_distillation import real_images, small_distillation, submission

TASK = "distillation/fashion-mnist-ipc1"
KILLED = f"""
import sys, time
from pathlib import Path
from benchmark.evaluation import Options, score_submission
from benchmark.training import trainer

save = trainer.save_progress

def slowly(path, progress):
    save(path, progress)
    time.sleep(0.05)  # stays killable within a training

trainer.save_progress, trainer.SAVE_EVERY_S = slowly, 0.0
folder, tasks, out = map(Path, sys.argv[1:])
score_submission(folder, "{TASK}", Options(out=out, workers=1, tasks_dir=tasks))
"""


def scored(folder: Path, tasks: Path, out: Path, workers: int) -> str:
    (path,) = score_submission(folder, TASK, Options(out=out, workers=workers, tasks_dir=tasks))
    return read_record(path).id


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = small_distillation(tmp_path / "tasks")
    images, labels = real_images()
    folder = submission(tmp_path / "set", images=images, labels=labels)
    cache = tmp_path / "killed"
    monkeypatch.setenv("METTLE_CACHE", str(cache))
    command = [sys.executable, "-c", KILLED, str(folder), str(tasks), str(tmp_path / "first")]
    process = subprocess.Popen(command, env=dict(os.environ))
    deadline = time.monotonic() + 300
    while not (begun := list(cache.rglob("*.training"))) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)  # some epochs further
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert begun
    left = list(cache.rglob("*.training"))
    assert left, "it was killed within a training"
    assert not list((tmp_path / "first").rglob("records/**/*.json"))

    gone_on: list[int | None] = []
    train = trainer.train

    def watched(*arguments: object, **options: object) -> object:
        trained = train(*arguments, **options)  # type: ignore[arg-type]
        gone_on.append(trained.resumed_after_epoch)
        return trained

    monkeypatch.setattr("benchmark.dataset_protocol.train", watched)
    resumed = scored(folder, tasks, tmp_path / "second", workers=1)
    assert any(epoch is not None and epoch > 0 for epoch in gone_on)
    assert not list(cache.rglob("*.training"))

    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "whole"))
    assert scored(folder, tasks, tmp_path / "third", workers=2) == resumed
