"""The ranked training of distilled sets, its real net and plan on few epochs: equal weights, however often it stops."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.task_registry import find_task
from benchmark.training import trainer
from benchmark.training.checkpoint import save_progress
from benchmark.training.trainer import TrainedNet, train
from benchmark.training.training_set import labelled
from tasks.distillation.settings import judging_plan, settings_of
from tests.tasks.small_distillation import real_images

TASK = "distillation/fashion-mnist-ipc10"
EPOCHS, STOPS = 6, (1, 4)
IMAGES, LABELS = real_images(6)  # 60: more than two parts of 25, the last one smaller


def trained(architecture: str, progress_file: Path | None = None) -> TrainedNet:
    settings = settings_of(find_task(TASK)).model_copy(update={"epochs": EPOCHS, "epochs_before_drop": 3})
    plan = judging_plan(settings, architecture)
    return train(plan, labelled(IMAGES, LABELS, 10), seed=1, progress_file=progress_file, show_progress=False)


def equal(first: TrainedNet, second: TrainedNet) -> bool:
    mine, theirs = first.module.state_dict(), second.module.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize("architecture", ["convnet3", "convnet3_bn"])
def test_interrupted_and_repeated_trainings_give_equal_weights(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before and after the rate falls and the optimizer begins anew."""
    whole = trained(architecture)
    assert equal(whole, trained(architecture))

    monkeypatch.setattr(trainer, "SAVE_EVERY_S", 0.0)
    saves = 0

    def then_stop(path: Path, progress: dict[str, object]) -> None:
        nonlocal saves
        save_progress(path, progress)
        saves += 1
        if saves in STOPS:
            raise KeyboardInterrupt

    monkeypatch.setattr(trainer, "save_progress", then_stop)
    for _ in STOPS:
        with pytest.raises(KeyboardInterrupt):
            trained(architecture, tmp_path / "net.training")
    resumed = trained(architecture, tmp_path / "net.training")
    assert resumed.resumed_after_epoch == STOPS[-1]
    assert equal(whole, resumed)
    assert resumed.loss == whole.loss
