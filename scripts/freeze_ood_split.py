"""Freezes the split of a detection task: pins the images this machine shows, and makes the task active.

python -m scripts.freeze_ood_split fashion-mnist-far
python -m scripts.freeze_ood_split cifar10-detect --partial

With --partial the task stays a draft: what is here is pinned in splits/<name>.v<version>.partial.json, the sets that
are not here are named there as unpinned, and `python -m scripts.score_draft` scores what is pinned.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.pin import write_split
from benchmark.task_registry import find_task
from tasks.ood.detection import PROTOCOL
from tasks.ood.freezing import dump, freeze


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", help="name without the family, for instance fashion-mnist-far")
    parser.add_argument("--partial", action="store_true")
    parser.add_argument("--tasks-dir", type=Path, default=ROOT / "tasks", help="where the task's TOML lies")
    arguments = parser.parse_args()
    for path in freeze_task(arguments.task, arguments.tasks_dir, partial=arguments.partial):
        print(path)


def freeze_task(name: str, tasks_dir: Path, *, partial: bool = False) -> list[Path]:
    """Write the split of a draft; returns the files written."""
    entry = find_task(f"ood/{name}", tasks_dir)
    task = entry.task
    if task.state != "draft":
        raise MettleError(task.id, "a frozen split is never changed", f"state {task.state}", "Write a new version.")
    text = dump(freeze(PROTOCOL.open_split(entry), partial=partial))
    if not partial:
        return write_split(entry, text)
    path = entry.folder / "splits" / f"{task.name}.v{task.version}.partial.json"
    write_atomically(path, text.encode())
    return [path]


if __name__ == "__main__":
    main()
