"""Small distillation tasks: the real TOML, split and protocol, judged by nets that train in a second; files of sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark import data
from benchmark.documents import file_sha256
from benchmark.documents.measured.distillation_anchors import (
    FILE,
    SUBSETS,
    Anchor,
    AnchorRun,
    Arm,
    anchor_name,
    read_distillation_reference,
    summary,
)
from benchmark.paths import ROOT
from benchmark.submitted_sets import write_distilled
from benchmark.submitted_sets.quantization import Quantized
from benchmark.task_registry import TaskEntry
from scripts.freeze_distillation_split import freeze
from tasks.distillation.anchors import arm_plan, plan_sha256

FOLDER = ROOT / "tasks" / "distillation"
RUNS, LOOKED_AT = 3, 2
TESTED, CORRUPTED, WATCHED = 600, 20, 30
NET, OTHERS = "mlp_w8", ("linear", "mlp_w4")


def small_distillation(folder: Path, name: str = "fashion-mnist-ipc1") -> Path:
    """A tasks folder with one distillation task whose nets are small; fewer test images."""
    family = folder / "distillation"
    family.mkdir(parents=True)
    text = re.sub(r"^split(_sha256)? = .*\n", "", (FOLDER / f"{name}.v1.toml").read_text(), flags=re.M)
    text = re.sub(r"^state = .*$", 'state = "draft"', text, flags=re.M)
    text = re.sub(r"^(architecture|cross_architectures) = .*\n", "", text, flags=re.M)
    text = re.sub(r"^runs = .*$", f"runs = {RUNS}\nlooked_at_runs = {LOOKED_AT}", text, flags=re.M)
    text += f'architecture = "{NET}"\ncross_architectures = {list(OTHERS)}\nquick_runs = 2\nquick_steps = 30\n'
    text += f"epochs = 60\nepochs_before_drop = 40\nwatched_per_class = {WATCHED}\n"
    (family / f"{name}.v1.toml").write_text(text)
    freeze("fashion-mnist", folder, tested=TESTED, corrupted=CORRUPTED)
    return folder


def real_images(per_class: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The first Fashion-MNIST training images of every class: uint8 (N, 28, 28, 1) and labels int64 (N,)."""
    train = data.load("fashion-mnist", "train")
    chosen = np.concatenate([np.flatnonzero(train.labels == label)[:per_class] for label in range(10)])
    return train.images[chosen], train.labels[chosen]


def submission(
    folder: Path,
    task: str = "distillation/fashion-mnist-ipc1",
    *,
    images: np.ndarray | Quantized,
    labels: np.ndarray | None = None,
    soft_labels: np.ndarray | None = None,
    learning_rate: float | None = None,
    extra: str = "",
) -> Path:
    """A submission folder with one distilled artifact; extra: TOML lines of the artifact."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "set.safetensors"
    write_distilled(file, images, labels=labels, soft_labels=soft_labels, learning_rate=learning_rate)
    (folder / "submission.toml").write_text(
        f"""schema_version = 1
name = "{folder.name}"
title = "A set"
team = "Tests"
method = "{folder.name}"
licence = "MIT"

[declares]
training_data = ["fashion-mnist"]
selected_on = "none"

[[artifacts]]
kind = "distilled"
path = "{file.name}"
sha256 = "{file_sha256(file)}"
task = "{task}"
{extra}"""
    )
    return folder


def write_anchor(
    entry: TaskEntry, arm: Arm, accuracies: Sequence[float], subsets: int = SUBSETS, **changes: str
) -> None:
    """Puts an arm into the reference file of a task, its runs with these accuracies; changes: to its hashes.

    subsets: of the random arm, which its nets take in turn.
    """
    runs = [
        AnchorRun(subset_seed=net % subsets if arm == "random" else None, net_seed=net, accuracy=accuracy)
        for net, accuracy in enumerate(accuracies)
    ]
    hashes = {"plan_sha256": plan_sha256(arm_plan(entry, arm)), "split_sha256": entry.task.data.split_sha256}
    anchor = Anchor.model_validate({"training": "By hand.", "runs": runs, **hashes, **changes, **summary(runs)})
    references = read_distillation_reference(entry.folder)
    arms = {**getattr(references, arm), anchor_name(entry.task, arm): anchor}
    (entry.folder / FILE).write_text(references.model_copy(update={arm: arms}).model_dump_json())
