"""Freezes a `-mc` split: generates every cell, writes their hashes, and pins the split in the task's TOML.

python -m scripts.freeze_corruption_split fashion-mnist-mc [--reference submissions/fashion-mnist-lenet]

Reads the calibrated severities and the canary list of the data set. With --reference, the errors of that submission's
net on the fresh cells become the unit of mCE. A frozen split is never changed: another one is another task version.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from rich.progress import track

from benchmark import data
from benchmark.artifacts import local_file
from benchmark.corruptions import corrupt_severities
from benchmark.data.checksums import image_checksums, values_sha256
from benchmark.documents import Submission, read_submission
from benchmark.documents.canonical import rounded
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.metrics import CONFIDENCE_EDGES
from benchmark.models.decisions import Decider
from benchmark.paths import ROOT
from benchmark.pin import write_split
from benchmark.task_registry import find_task
from benchmark.training.checkpoint import load_weights
from tasks.corruption.settings import CLEAN, cell_names, settings_of
from tasks.corruption.split import GeneratedSplit, Reference, dump, images_of, pinned, read_canary

SEED = 61
FOLDER = ROOT / "tasks" / "corruption"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", help="name without the family, for instance fashion-mnist-mc")
    parser.add_argument("--reference", type=Path, help="submission folder of the reference net")
    parser.add_argument("--count", type=int, help="only this many leading images: for the tests' small splits")
    parser.add_argument("--tasks-dir", type=Path, default=ROOT / "tasks", help="where the task's TOML lies")
    arguments = parser.parse_args()
    freeze(arguments.task, arguments.reference, arguments.count, arguments.tasks_dir)


def freeze(task_name: str, reference: Path | None, count: int | None, tasks_dir: Path) -> None:
    """Write the split, its checksums, and its hash into the task's TOML."""
    entry = find_task(f"corruption/{task_name}", tasks_dir)
    task, settings = entry.task, settings_of(entry)
    if task.state != "draft":
        raise MettleError(task.id, "a frozen split is never changed", f"state {task.state}", "Write a new version.")
    dataset = data.load(task.data.dataset, task.data.part)
    count = count or len(dataset)
    exact = pinned(images_of(dataset), count)
    calibration = json.loads((FOLDER / "severities" / f"{task.data.dataset}.json").read_text())
    net, submission = _reference_net(reference, dataset) if reference else (None, None)
    images, labels = dataset.images[:count], dataset.labels[:count]
    corruptions = settings.standard + settings.held_out
    severities = {name: calibration["severities"][name][: settings.severities] for name in corruptions}
    errors = {CLEAN: _error(net, images, labels)} if net else {}
    hashes: dict[str, str] = {}
    checksums = []
    for corruption in track(corruptions, description=f"Freezing {task.id}"):
        parameters = severities[corruption]
        cells = corrupt_severities(images, corruption, parameters, seed=SEED, indices=np.arange(count, dtype=np.int64))
        for cell, pixels in zip(cell_names(settings, corruption), cells, strict=True):
            hashes[cell] = values_sha256(pixels[exact])
            checksums.append(image_checksums(pixels, k=1)[:, 0])
            if net:
                errors[cell] = _error(net, pixels, labels)

    stem = f"{task_name}.v{task.version}"
    table = np.stack(checksums)
    nets = ", ".join(f"{name} ({accuracy:.1%})" for name, accuracy in calibration["nets"].items())
    unit = None
    if submission:
        artifact = submission.artifacts[0]
        unit = Reference(net=submission.title, artifact_sha256=artifact.sha256, errors=rounded(errors))
    split = GeneratedSplit(
        images=images_of(dataset),
        count=count,
        seed=SEED,
        severities=severities,
        calibration=f"On {calibration['images']} with {nets}; they keep {calibration['targets']} of their accuracy.",
        cells=hashes,
        checksums=f"{stem}.checksums.npy",
        checksums_sha256=values_sha256(table),
        canary=read_canary(task.data.dataset, count),
        reference=unit,
    )
    folder = tasks_dir / "corruption" / "splits"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as stream:
        np.save(stream, table)
        stream.seek(0)
        write_atomically(folder / split.checksums, stream.read())
    write_split(entry, dump(split))


def _reference_net(folder: Path, dataset: data.Dataset) -> tuple[Decider, Submission]:
    submission = read_submission(folder.resolve())
    artifact = submission.artifacts[0]
    assert artifact.model is not None
    model = load_weights(local_file(artifact, folder), artifact.model, dataset.images, dataset.class_names)
    return Decider(model.module, CONFIDENCE_EDGES), submission


def _error(net: Decider, images: np.ndarray, labels: np.ndarray) -> float:
    return float((net.decide(images, "reference").predicted != labels).mean())


if __name__ == "__main__":
    main()
