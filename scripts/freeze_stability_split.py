"""Freezes a stability split: makes every cell, writes their hashes, and pins the split in the task's TOML.

python -m scripts.freeze_stability_split fashion-mnist-stability

The corruptions inside patches have the parameters, and with its seed the pixels, of the heaviest severity of the data
set's `-mc` split. A frozen split is never changed: another one is another task version.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from rich.progress import track

from benchmark import data
from benchmark.data.checksums import image_checksums, values_sha256
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.pin import write_split
from benchmark.task_registry import find_task
from tasks.corruption.settings import CLEAN
from tasks.corruption.split import dump, images_of, pinned, read_canary
from tasks.corruption.stability_cells import StabilitySplit, make_cells
from tasks.corruption.stability_settings import cell_groups, stability_settings

SPLITS = ROOT / "tasks" / "corruption" / "splits"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", help="name without the family, for instance fashion-mnist-stability")
    parser.add_argument("--count", type=int, help="only this many leading images: for the tests' small splits")
    parser.add_argument("--tasks-dir", type=Path, default=ROOT / "tasks", help="where the task's TOML lies")
    arguments = parser.parse_args()
    freeze(arguments.task, arguments.count, arguments.tasks_dir)


def freeze(task_name: str, count: int | None, tasks_dir: Path) -> None:
    """Write the split, its checksums, and its hash into the task's TOML."""
    entry = find_task(f"corruption/{task_name}", tasks_dir)
    task, settings = entry.task, stability_settings(entry)
    if task.state != "draft":
        raise MettleError(task.id, "a frozen split is never changed", f"state {task.state}", "Write a new version.")
    dataset = data.load(task.data.dataset, task.data.part)
    count = count or len(dataset)
    exact = pinned(images_of(dataset), count)
    corrupted = json.loads((SPLITS / f"{task.data.dataset}-mc.v1.json").read_text(encoding="utf-8"))
    parameters = {name: corrupted["severities"][name][-1] for name in settings.patch_corruptions}
    seed = int(corrupted["seed"])
    groups = [group for group in cell_groups(settings) if group != [CLEAN]]
    hashes: dict[str, str] = {}
    checksums = []
    for group in track(groups, description=f"Freezing {task.id}"):
        for cell, pixels in make_cells(settings, parameters, seed, dataset.images[:count], group):
            hashes[cell] = values_sha256(pixels[exact])
            checksums.append(image_checksums(pixels, k=1)[:, 0])

    stem = f"{task_name}.v{task.version}"
    table = np.stack(checksums)
    split = StabilitySplit(
        images=images_of(dataset),
        count=count,
        seed=seed,
        cells=hashes,
        checksums=f"{stem}.checksums.npy",
        checksums_sha256=values_sha256(table),
        canary=read_canary(task.data.dataset, count),
        patch_parameters=parameters,
        patch_parameters_from=f"Severity {len(corrupted['severities'][settings.patch_corruptions[0]])} of "
        f"corruption/{task.data.dataset}-mc, version 1.",
    )
    folder = tasks_dir / "corruption" / "splits"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as stream:
        np.save(stream, table)
        stream.seek(0)
        write_atomically(folder / split.checksums, stream.read())
    write_split(entry, dump(split))


if __name__ == "__main__":
    main()
