"""What the corruption protocol says of nets that know nothing, look at their batch, or know the test images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from one_run import COUNT, TASK, scored_run
from small_tasks import small_task
from torch import nn

from benchmark import evaluate
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.paths import ROOT

pytestmark = pytest.mark.usefixtures("own_cache")


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
def test_constant_model_is_at_the_floor(corruption_tasks: Path, net: nn.Module, predicted: int) -> None:
    scores = evaluate(net, TASK, options=Options(tasks_dir=corruption_tasks)).result.scores
    share = (labels() == predicted).mean()
    assert scores["mean_accuracy"].value == pytest.approx(share)
    assert abs(share - 0.1) < 0.04


def test_random_model_is_at_the_floor(corruption_tasks: Path) -> None:
    score = evaluate(Random(), TASK, options=Options(tasks_dir=corruption_tasks)).result.scores["mean_accuracy"]
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


def test_nan_logits_name_cell_and_image(corruption_tasks: Path) -> None:
    with pytest.raises(MettleError, match=r"cell clean: logits must be finite.*image 0"):
        evaluate(NotANumber(), TASK, options=Options(tasks_dir=corruption_tasks))


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
        record = scored_run(whole_test_set, tmp_path, folder.name, workers=1)
        assert record.result.flags == [], folder.name
