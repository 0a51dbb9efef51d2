"""Small detection tasks in a folder of their own: the real TOMLs, protocol and images, but few; and small nets."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmark.models.net import Net
from benchmark.paths import ROOT
from benchmark.protocol import Candidate, Scored
from benchmark.task_registry import TaskEntry, find_task
from scripts.freeze_ood_split import freeze_task
from tasks.ood.detection import PROTOCOL
from tasks.ood.split import OpenDetection

SIZES = {
    "fit_per_class": 30,
    "test_per_class": 40,
    "validation_per_class": 15,
    "near_misses_per_class": 18,
    "held_out_per_class": 60,
    "set_images": 120,
}


def small_detection(folder: Path, name: str, *, far: list[str] | None = None) -> tuple[TaskEntry, OpenDetection]:
    """The task `ood/<name>` in `folder` on few images, frozen; with other far sets where given."""
    family = folder / "ood"
    family.mkdir(parents=True, exist_ok=True)
    toml = family / f"{name}.v1.toml"
    shutil.copy(ROOT / "tasks" / "ood" / toml.name, toml)
    text = re.sub(r"^split(_sha256)? = .*\n", "", toml.read_text(), flags=re.M)
    text = text.replace('state = "active"', 'state = "draft"')
    for size, count in SIZES.items():
        text = re.sub(rf"^{size} = \d+$", f"{size} = {count}", text, flags=re.M)
    if far is not None:
        text = re.sub(r"^far = .*$", f"far = {far!r}".replace("'", '"'), text, flags=re.M)
    toml.write_text(text)
    freeze_task(name, folder)
    entry = find_task(f"ood/{name}", folder)
    return entry, PROTOCOL.open_split(entry)


class Pooled(nn.Module):
    """Means of 4 x 4 pixels, a hidden layer, logits."""

    def __init__(self, classes: int = 10, hidden: int = 12, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.hidden, self.out = nn.Linear(49, hidden), nn.Linear(hidden, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        pooled = nn.functional.avg_pool2d(images, 4).flatten(1)
        return self.out(torch.relu(self.hidden(pooled)))


class Roughness(nn.Module):
    """Surer of its class 0 the smoother (or, with a negative slope, the rougher) an image is."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.out = nn.Linear(1, 10)
        with torch.no_grad():
            self.out.weight.zero_()
            self.out.weight[0] = -slope
            self.out.bias.zero_()
            self.out.bias[0] = 3 * abs(slope)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        steps = (images[..., 1:] - images[..., :-1]).abs().flatten(1).mean(dim=1, keepdim=True)
        return self.out(steps)


def outcome_of(
    entry: TaskEntry,
    split: OpenDetection,
    module: nn.Module,
    candidate: Candidate | None = None,
    batch_size: int = 500,
) -> tuple[Scored, Mapping[str, Mapping[str, np.ndarray]], Net]:
    """What a net scores through the protocol, its shards, and the net, which knows how many images it saw."""
    net = Net(module, 1, 28, batch_size)
    shards = {}
    for group in PROTOCOL.shard_groups(entry):
        shards |= dict(PROTOCOL.score_shards(entry, split, net, group))
    return PROTOCOL.combine(entry, split, candidate or Candidate("checkpoint"), shards), shards, net
