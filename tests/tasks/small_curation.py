"""Small curation tasks: the real TOML, pool, protocol and net, on fewer test images and steps; files of choices."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import safetensors.numpy

from benchmark.documents import file_sha256
from benchmark.documents.measured.curation_anchors import ANCHOR_RUNS, AnchorRun, Arm, CurationReference, TaskAnchors
from benchmark.paths import ROOT
from benchmark.submitted_sets.curated import CuratedSet
from scripts.freeze_curation_split import freeze
from tasks.curation.split import OpenCuration, open_curation

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


def write_anchors(split: OpenCuration, accuracies: dict[Arm, list[float]]) -> None:
    """A reference.json beside the small task: the accuracies of each arm over and over, as many as an arm needs."""
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
    (entry.folder / "reference.json").write_text(reference.model_dump_json())


__all__ = ["RUNS", "STEPS", "TESTED", "open_curation", "small_curation", "submission", "write_anchors"]
