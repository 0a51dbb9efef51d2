"""Writes the leak gaps of our own baselines into tasks/curation/leak_limits.json, from their committed records.

python -m scripts.learn_leak_limits           # needs CIFAR-10 besides Fashion-MNIST, and CIFAR-10N

Each gap is made even by the ease of the watched images that the set, read from its file, leaves. The limit of a data
set follows from the gaps of all of them on its tasks; see tasks/curation/leak_limits.py.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmark.artifacts import local_file
from benchmark.documents import read_submission
from benchmark.documents.store import standing_records, write_atomically
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.task_registry import TASKS_DIR, find_task
from tasks.curation.anchors import anchor_accuracies
from tasks.curation.chosen import read_choice
from tasks.curation.leak_limits import FILE, LeakLimits, even_gap, is_far_below_random
from tasks.curation.shown import easier_by
from tasks.curation.split import OpenCuration, open_curation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    limits = learnt(ROOT / "submissions")
    write_atomically(ROOT / "tasks" / "curation" / FILE, f"{limits.model_dump_json(indent=1)}\n".encode())
    for task, gaps in limits.honest_gaps.items():
        print(f"{task}: {len(gaps)} baselines")


def learnt(submissions: Path, tasks_dir: Path = TASKS_DIR, dataset: str | None = None) -> LeakLimits:
    """The even gaps of baselines' newest standing records on curation tasks, by task version and submission.

    dataset: its tasks alone; all unless given. Left out: sets far below random, and data sets whose watched images have
    no ease. Raises MettleError for a set whose file is missing.
    """
    found: dict[str, dict[str, float]] = {}
    opened: dict[str, OpenCuration] = {}
    for path, record in standing_records(submissions):
        result = record.result
        if not result.task.id.startswith("curation/") or "leak_gap" not in result.scores:
            continue
        folder = submissions / path.relative_to(submissions).parts[0]
        name = f"{result.task.id}.v{result.task.version}"
        if not read_submission(folder).baseline:
            continue
        entry = find_task(name, tasks_dir)
        if dataset not in (None, entry.task.data.dataset):
            continue
        if name not in opened:
            opened[name] = open_curation(entry)
        split, anchors = opened[name], anchor_accuracies(entry)
        if split.watched_ease is None or is_far_below_random(anchors, result.scores["accuracy"].value):
            continue
        easier = easier_by(split.watched_ease, shown_of(split, folder, result.artifacts[0].sha256))
        found.setdefault(name, {})[result.submission] = even_gap(result.scores["leak_gap"].value, easier)
    return LeakLimits(
        schema_version=2, honest_gaps={name: dict(sorted(gaps.items())) for name, gaps in sorted(found.items())}
    )


def shown_of(split: OpenCuration, folder: Path, sha256: str) -> np.ndarray:
    """Which watched images the choice with this hash in a submission's folder takes: bool (W,).

    Raises MettleError where there is none.
    """
    artifact = next((one for one in read_submission(folder).artifacts if one.sha256 == sha256), None)
    if artifact is None:
        rule = f"names the set that its record on {split.entry.task.id} is about, sha256 {sha256}"
        raise MettleError(folder / "submission.toml", rule, "no such artifact", "Score it again, or void the record.")
    return read_choice(split, artifact, local_file(artifact, folder)).shown_watched(split)


if __name__ == "__main__":
    try:
        main()
    except MettleError as error:
        raise SystemExit(str(error)) from None
