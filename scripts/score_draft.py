"""Scores a checkpoint on the sets of a draft detection task that are pinned already: numbers to read, no record.

python -m scripts.score_draft ood/cifar10-detect submissions/resnet20-akamaster [--detector energy]

The mean of a group with a set that is not pinned is missing, so nothing here is ever ranked. Passes are kept in the
cache and shared with other tasks.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import tempfile
from pathlib import Path

from rich.progress import track

from benchmark.check import check_submission
from benchmark.documents import Detector, file_sha256
from benchmark.errors import MettleError
from benchmark.protocol import Candidate
from benchmark.score import Job, collect, open_task, score_shards
from benchmark.task_registry import TASKS_DIR, TaskEntry, find_task


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", help="id of the draft, for instance ood/cifar10-detect")
    parser.add_argument("submission", type=Path)
    parser.add_argument("--detector", help="the submission's own, or msp, unless given")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mettle-draft-") as folder:
        score(arguments.task, arguments.submission, arguments.detector, Path(folder))


def score(task_id: str, submission: Path, detector: str | None, folder: Path) -> None:
    """Print what the first checkpoint scores; folder: for a copy of the task whose split is the partial one."""
    entry = pinned_entry(task_id, TASKS_DIR)
    name = f"{entry.task.id}.v{entry.task.version}"
    _write_copy(entry, folder)
    checked = check_submission(submission, name, folder)
    artifact = checked.entries[0].pieces[0]
    job = Job(name, artifact.artifact, artifact.file, folder)
    opened = open_task(name, folder)
    groups = opened.protocol.shard_groups(opened.entry)
    for group in track(groups, description=name):
        score_shards(job, group)
    ranked = Detector(name=detector) if detector else checked.submission.detector
    candidate = Candidate("checkpoint", artifact.artifact.replicate, ranked)
    scored = opened.protocol.combine(opened.entry, opened.split, candidate, collect(job, groups))
    print(f"{checked.submission.name} on {name}, a draft; detector {scored.detector}")
    for metric in (entry.task.primary, *entry.task.also):
        found = scored.scores.get(metric.name)
        print(
            f"  {metric.title:<28}", "missing: not all its sets are pinned" if found is None else f"{found.value:.4f}"
        )
    for cell, values in scored.cells.items():
        print(f"  {cell:<36}", "  ".join(f"{key} {value:.4f}" for key, value in values.items()))


def pinned_entry(task_id: str, tasks_dir: Path) -> TaskEntry:
    """A draft as if its partial split were its split; MettleError for a task that is no draft or has none."""
    entry = find_task(task_id, tasks_dir)
    task = entry.task
    path = f"splits/{task.name}.v{task.version}.partial.json"
    if task.state != "draft" or not (entry.folder / path).is_file():
        raise MettleError(task.id, "a draft with a partial split is needed", task.state, "Use `mettle score`.")
    pinned = {"split": path, "split_sha256": file_sha256(entry.folder / path)}
    return dataclasses.replace(entry, task=task.model_copy(update={"data": task.data.model_copy(update=pinned)}))


def _write_copy(entry: TaskEntry, folder: Path) -> None:
    """The task in a folder of its own, its TOML naming the partial split."""
    data = entry.task.data
    assert data.split is not None
    stem = f"{entry.task.name}.v{entry.task.version}.toml"
    text = (entry.folder / stem).read_text(encoding="utf-8")
    target = folder / entry.task.family
    (target / "splits").mkdir(parents=True)
    shutil.copy(entry.folder / data.split, target / data.split)
    names = f'[data]\nsplit = "{data.split}"\nsplit_sha256 = "{data.split_sha256}"\n'
    (target / stem).write_text(text.replace("[data]\n", names, 1), encoding="utf-8")


if __name__ == "__main__":
    main()
