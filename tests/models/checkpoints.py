"""Real checkpoint files for the tests of loading and conversion."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmark.documents.submission import ModelSpec
from benchmark.models import LoadedModel, load_checkpoint
from benchmark.models.architectures import build

CLASSES = ("ant", "bee", "cat", "dog")
TASK = {"num_classes": 4, "class_names": CLASSES, "in_channels": 1, "image_size": 28}


def net(architecture: str = "lenet5", *, num_classes: int = 4, in_channels: int = 1, image_size: int = 28):
    torch.manual_seed(3)
    return build(architecture, num_classes=num_classes, in_channels=in_channels, image_size=image_size).eval()


def load(path: Path, architecture: str = "lenet5", task: dict | None = None, **spec) -> LoadedModel:
    return load_checkpoint(path, ModelSpec(architecture=architecture, **spec), **(TASK | (task or {})))
