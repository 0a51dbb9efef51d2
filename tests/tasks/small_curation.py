"""Small curation tasks: the real TOML, pool, protocol and net, on fewer test images and steps; files of choices."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
from torch import nn

from benchmark.documents import file_sha256
from benchmark.documents.measured.curation_anchors import ANCHOR_RUNS, AnchorRun, Arm, CurationReference, TaskAnchors
from benchmark.effort import Effort, Tier
from benchmark.paths import ROOT
from benchmark.protocol import Candidate, Scored
from benchmark.selection.random_choice import balanced_random_choice
from benchmark.submitted_sets.curated import CuratedSet
from scripts.freeze_curation_split import freeze
from tasks.curation.dirty import PROTOCOL as DIRTY
from tasks.curation.measures import PLAN
from tasks.curation.split import OpenCuration

TESTED, CORRUPTED, STEPS, RUNS = 450, 15, 12, 2


def small_curation(folder: Path, name: str, *, steps: int = STEPS) -> Path:
    """A tasks folder with one curation task on the first test images, few steps and two nets."""
    toml = folder / "curation" / f"{name}.v1.toml"
    toml.parent.mkdir(parents=True, exist_ok=True)
    text = re.sub(r"^split(_sha256)? = .*\n", "", (ROOT / "tasks" / "curation" / toml.name).read_text(), flags=re.M)
    for key, value in (("state", '"draft"'), ("steps", steps), ("runs", RUNS), ("watched_per_class", 10)):
        text = re.sub(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.M)
    toml.write_text(text)
    freeze(name, folder, tested=TESTED, corrupted=CORRUPTED)
    return folder


def submission(folder: Path, task: str, choice: CuratedSet, extra: str = "") -> Path:
    """A submission folder with one curated artifact; extra: TOML lines of the artifact."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: getattr(choice, name) for name in ("indices", "weights", "labels", "images", "suspicion")}
    given = {name: np.ascontiguousarray(array) for name, array in arrays.items() if array is not None}
    if "weights" in given:
        given["weights"] = given["weights"].astype(np.float32)
    file = folder / "choice.safetensors"
    file.write_bytes(safetensors.numpy.save(given))
    (folder / "submission.toml").write_text(
        f"""schema_version = 1
name = "{folder.name}"
title = "A choice"
team = "Tests"
method = "{folder.name}"
licence = "MIT"

[declares]
training_data = ["fashion-mnist"]
selected_on = "none"

[[artifacts]]
kind = "curated"
path = "{file.name}"
sha256 = "{file_sha256(file)}"
task = "{task}"
{extra}"""
    )
    return folder


@contextmanager
def anchored(split: OpenCuration, accuracies: dict[Arm, list[float]]) -> Iterator[Path]:
    """A reference.json beside the small task, gone afterwards.

    It has the accuracies of each arm over and over, as many as an arm needs.
    """
    entry = split.entry
    assert entry.task.data.split_sha256 is not None
    arms: dict[Arm, list[AnchorRun]] = {
        arm: [
            AnchorRun(choice_seed=run, net_seed=run, right=round(value * split.frozen.tested))
            for run, value in enumerate(itertools.islice(itertools.cycle(values), ANCHOR_RUNS))
        ]
        for arm, values in accuracies.items()
    }
    anchors = TaskAnchors(
        task_sha256=entry.task.scoring_sha256,
        split_sha256=entry.task.data.split_sha256,
        tested=split.frozen.tested,
        arms=arms,
    )
    name = f"{entry.task.id}.v{entry.task.version}"
    reference = CurationReference(schema_version=1, anchors={name: anchors})
    path = entry.folder / "reference.json"
    path.write_text(reference.model_dump_json())
    try:
        yield path
    finally:
        path.unlink()


def said(split: OpenCuration, shares: list[float]) -> dict[str, dict[str, np.ndarray]]:
    """What nets say that get such shares of the test images right, and the canaries last."""
    shards: dict[str, dict[str, np.ndarray]] = {}
    order = np.r_[np.setdiff1d(np.arange(TESTED), split.frozen.canary.ids), split.frozen.canary.ids]
    for run, share in enumerate(shares):
        wrong = np.isin(np.arange(TESTED), order[round(share * TESTED) :])
        predicted = np.where(wrong, (split.labels + 1) % 10, split.labels)
        shards[f"{PLAN}/seed {run}"] = {
            "predicted": predicted.astype(np.uint8),
            "corrupted_right": np.full(12, 5, np.uint16),
            "watched_right": np.zeros(13, np.uint8),
            "train_loss": np.array([0.5]),
        }
    return shards


def combined(
    split: OpenCuration, folder: Path, choice: CuratedSet, shares: list[float] | None = None, tier: Tier = "standard"
) -> Scored:
    """The dirty protocol's scores of a choice whose nets get such shares of the test images right."""
    file = submission(folder, split.entry.task.id, choice) / "choice.safetensors"
    candidate = Candidate("curated", file=file, effort=Effort(tier))
    return DIRTY.combine(split.entry, split, candidate, said(split, shares or [0.8, 0.82]))


def random_pick(split: OpenCuration) -> np.ndarray:
    """Slots of a balanced random choice of 1,000."""
    return np.sort(balanced_random_choice(split.pool.labels, 1000, 0))


def balanced(split: OpenCuration, per_class: int) -> np.ndarray:
    """The first slots of each class."""
    labels = split.pool.labels
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in range(10)]))


def knowing(split: OpenCuration) -> dict[str, dict[str, np.ndarray]]:
    """What two nets say that know the test labels and nothing else."""
    return {
        f"{PLAN}/seed {run}": {
            "predicted": split.labels.astype(np.uint8),
            "corrupted_right": np.zeros(12, np.uint16),
            "watched_right": np.zeros(13, np.uint8),
            "train_loss": np.array([0.0]),
        }
        for run in range(2)
    }


class Constant(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.eye(10)[torch.full((len(images),), 3)].to(images.dtype)


class Noise(nn.Module):
    """Logits that are a fixed wild function of the pixels, with no relation to the classes."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(784, 10, generator=torch.Generator().manual_seed(seed)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.sin(1e4 * images.flatten(1) @ self.weight)
