"""The background protocol end to end on 300 test images: numbers, floors, the shortcut itself, and refusals."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmark import data, evaluate
from benchmark import score as score_module
from benchmark.data.derived.colour import BACKGROUNDS, on_background
from benchmark.documents import Record, file_sha256
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.paths import ROOT
from benchmark.pin import write_split
from benchmark.protocol import Candidate
from benchmark.task_registry import find_task
from tasks.corruption.split import dump
from tasks.subgroup.colour import PROTOCOL
from tasks.subgroup.colour_split import freeze_backgrounds

TASK = "subgroup/fashion-mnist-colour"
COUNT = 300


@pytest.fixture(scope="module")
def tasks_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The task on its first images."""
    folder = tmp_path_factory.mktemp("small") / "tasks"
    toml = folder / f"{TASK}.v1.toml"
    toml.parent.mkdir(parents=True)
    text = re.sub(r"^split(_sha256)? = .*\n", "", (ROOT / "tasks" / f"{TASK}.v1.toml").read_text(), flags=re.M)
    toml.write_text(re.sub(r"^state = .*$", 'state = "draft"', text, flags=re.M))
    entry = find_task(TASK, folder)
    (toml.parent / "splits").mkdir()
    write_split(entry, dump(freeze_backgrounds(entry, COUNT)))
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))


def labels() -> np.ndarray:
    return data.load("fashion-mnist", "test", progress=False).labels[:COUNT]


class Constant(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(images), 10, dtype=images.dtype)
        logits[:, 3] = 1
        return logits


class Random(nn.Module):
    """Logits that are a fixed wild function of the pixels, with no relation to the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3 * 784, 10, generator=torch.Generator().manual_seed(0)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.sin(1e4 * images.flatten(1) @ self.weight)


class Shortcut(nn.Module):
    """Looks at the corners only: answers with the background whose mean corner colours are nearest."""

    def __init__(self) -> None:
        super().__init__()
        grey = np.zeros((200, 28, 28, 1), np.uint8)
        made = [on_background(grey, np.arange(200), place, "train") for place in range(10)]
        corners = [self.corners(torch.tensor(images).permute(0, 3, 1, 2) / 255).mean(0) for images in made]
        self.means = nn.Parameter(torch.stack(corners))

    @staticmethod
    def corners(images: torch.Tensor) -> torch.Tensor:
        return torch.cat([images[:, :, :3], images[:, :, -3:]], dim=2).mean(dim=(2, 3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return -torch.cdist(self.corners(images), self.means)


def measured(net: nn.Module, tasks_dir: Path) -> Record:
    return evaluate(net, TASK, options=Options(tasks_dir=tasks_dir))


def test_scores_are_what_decisions_say(tasks_dir: Path) -> None:
    """Any decisions will do: an image is right on as many backgrounds as the draw says."""
    entry = find_task(TASK, tasks_dir)
    split = PROTOCOL.open_split(entry)
    truth = labels()
    ease = np.random.default_rng(0).uniform(0.2, 1.0, COUNT)
    hits = np.random.default_rng(1).random((10, COUNT)) < ease
    decided = np.where(hits, truth, (truth + 1) % 10).astype(np.uint8)
    shards = {name: {"predicted": row} for name, row in zip(BACKGROUNDS, decided, strict=True)}
    scored = PROTOCOL.combine(entry, split, Candidate("checkpoint"), shards)
    home = np.array([hits[label, image] for image, label in enumerate(truth)])
    others = (hits.sum(axis=0) - home) / 9
    wanted = {
        "all_backgrounds_accuracy": hits.all(axis=0).mean(),
        "mean_accuracy": hits.mean(),
        "aligned_accuracy": home.mean(),
        "conflicting_accuracy": others.mean(),
        "background_gap": home.mean() - others.mean(),
        "background_consistency": (decided == decided[0]).all(axis=0).mean(),
        "worst_background_accuracy": hits.mean(axis=1).min(),
        "worst_cell_accuracy": min(row[truth == label].mean() for row in hits for label in range(10)),
    }
    assert {name: score.value for name, score in scored.scores.items()} == pytest.approx(wanted)
    for score in scored.scores.values():
        assert score.lower is not None
        assert score.upper is not None
        assert score.lower <= score.value <= score.upper
    assert scored.outcomes["primary"].array.tolist() == hits.all(axis=0).astype(int).tolist()
    assert scored.cells["group:background/grey grain"]["accuracy"] == pytest.approx(hits[6].mean())
    bag = scored.cells["class:Bag/group:background/red rows"]
    assert bag["accuracy"] == pytest.approx(hits[0][truth == 8].mean())
    assert sum(cell["n"] for name, cell in scored.cells.items() if name.endswith("/pale bands")) == 2 * COUNT
    metrics = entry.task
    assert set(scored.scores) == {metrics.primary.name, *(metric.name for metric in metrics.also)}


def test_constant_model_is_at_the_floor_though_it_never_changes_its_mind(tasks_dir: Path) -> None:
    scores = measured(Constant(), tasks_dir).result.scores
    share = (labels() == 3).mean()
    assert abs(share - 0.1) < 0.05
    assert scores["all_backgrounds_accuracy"].value == pytest.approx(share)
    assert scores["background_consistency"].value == 1
    assert scores["worst_cell_accuracy"].value == 0
    gap = scores["background_gap"]
    assert gap.value == pytest.approx(0, abs=1e-12)
    assert gap.lower is not None
    assert gap.lower < 0 < (gap.upper or 0)


def test_random_model_is_below_the_floor(tasks_dir: Path) -> None:
    scores = measured(Random(), tasks_dir).result.scores
    assert scores["all_backgrounds_accuracy"].value == 0
    mean = scores["mean_accuracy"]
    assert mean.lower is not None
    assert mean.lower < 0.1 < (mean.upper or 0)


def test_a_net_that_only_knows_backgrounds_is_right_at_home_and_nowhere_else(tasks_dir: Path) -> None:
    scores = measured(Shortcut(), tasks_dir).result.scores
    assert scores["aligned_accuracy"].value > 0.7
    assert scores["conflicting_accuracy"].value < 0.05
    assert scores["background_gap"].value > 0.65
    assert scores["all_backgrounds_accuracy"].value == 0


def test_real_split_is_the_recipes() -> None:
    """The ten sets of 10,000 images have the frozen hashes; two are made here, scoring checks all."""
    split = PROTOCOL.open_split(find_task(TASK))
    assert [len(images) for _, images in split.sets(["yellow squares", "dark mesh"])] == [10_000, 10_000]
    assert tuple(split.frozen.backgrounds) == BACKGROUNDS


def test_a_set_of_other_pixels_is_refused(tasks_dir: Path) -> None:
    split = PROTOCOL.open_split(find_task(TASK, tasks_dir))
    split.grey[5, 14, 14] ^= 1
    with pytest.raises(MettleError, match="the test images on red rows have the sha256") as error:
        list(split.sets(["red rows"]))
    assert "\n" not in str(error.value)


def test_a_split_of_other_backgrounds_is_refused(tasks_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tasks" / "subgroup"
    (folder / "splits").mkdir(parents=True)
    split = folder / "splits" / "fashion-mnist-colour.v1.json"
    original = tasks_dir / "subgroup" / "splits" / split.name
    split.write_text(original.read_text().replace("red rows", "pink rows"))
    toml = (tasks_dir / f"{TASK}.v1.toml").read_text().replace(file_sha256(original), file_sha256(split))
    (tmp_path / "tasks" / f"{TASK}.v1.toml").write_text(toml)
    score_module.close()
    with pytest.raises(MettleError, match="its backgrounds are red rows"):
        measured(Constant(), tmp_path / "tasks")
    score_module.close()
