"""Freezes the split that all distillation tasks of a data set share, and pins it in their TOML files.

python -m scripts.freeze_distillation_split fashion-mnist

Drafts of that data set become active. A frozen split is never changed: another one is another task version.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmark import data
from benchmark.documents.canonical import bytes_sha256
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.task_registry import all_tasks
from tasks.corruption.split import dump
from tasks.distillation.split import CORRUPTED_IMAGES, freeze_split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", help="for instance fashion-mnist")
    parser.add_argument("--tasks-dir", type=Path, default=ROOT / "tasks", help="where the tasks' TOML files lie")
    arguments = parser.parse_args()
    try:
        for path in freeze(arguments.dataset, arguments.tasks_dir):
            print(path)
    except MettleError as error:
        sys.exit(str(error))


def freeze(
    dataset: str, tasks_dir: Path, *, tested: int | None = None, corrupted: int = CORRUPTED_IMAGES
) -> list[Path]:
    """Write the split, its checksums, and its hash into the drafts; returns the files written.

    tested, corrupted: only so many leading images, for the tests' small splits.
    """
    drafts = [
        entry
        for entry in all_tasks(tasks_dir)
        if entry.task.family == "distillation" and entry.task.data.dataset == dataset and entry.task.state == "draft"
    ]
    if not drafts:
        rule = "a distillation task of this data set is a draft"
        raise MettleError(dataset, rule, "none", "A frozen split is never changed: write a new version.")
    test = data.load(dataset, drafts[0].task.data.part)
    severities = ROOT / "tasks" / "corruption" / "severities" / f"{dataset}.json"
    if not severities.is_file():
        raise MettleError(severities, "the corrupted cells need calibrated severities of the data set", "no such file")
    calibration = json.loads(severities.read_text())
    folder = drafts[0].folder / "splits"
    folder.mkdir(exist_ok=True)
    split, checksums = freeze_split(
        test, calibration, f"{dataset}.v1.checksums.npy", tested=tested, corrupted=corrupted
    )
    with tempfile.TemporaryFile() as stream:
        np.save(stream, checksums)
        stream.seek(0)
        write_atomically(folder / split.corrupted.checksums, stream.read())
    content = dump(split).encode()
    path = folder / f"{dataset}.v1.json"
    write_atomically(path, content)
    pinned = f'[data]\nsplit = "splits/{path.name}"\nsplit_sha256 = "{bytes_sha256(content)}"\n'
    written = [path, folder / split.corrupted.checksums]
    for entry in drafts:
        toml = entry.folder / f"{entry.task.name}.v{entry.task.version}.toml"
        text = re.sub(r"^split(_sha256)? = .*\n", "", toml.read_text(encoding="utf-8"), flags=re.M)
        text = re.sub(r"^state = .*$", 'state = "active"', text, flags=re.M)
        write_atomically(toml, text.replace("[data]\n", pinned, 1).encode())
        written.append(toml)
    return written


if __name__ == "__main__":
    main()
