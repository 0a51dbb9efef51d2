"""Freezes the splits of curation tasks: test images, corrupted cells, pool and watched images, by their hashes.

python -m scripts.freeze_curation_split fashion-mnist-dirty-5k [more names ...]

Needs the images on this machine, and CIFAR-10N's labels for a task on them. A frozen split is never changed: another
one is another task version.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.pin import write_split
from benchmark.task_registry import find_task
from tasks.curation.split import CORRUPTED_IMAGES, freeze_curation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="+", help="names without the family, for instance fashion-mnist-coreset-1k")
    for name in parser.parse_args().tasks:
        for path in freeze(name, ROOT / "tasks"):
            print(path)


def freeze(
    task_name: str, tasks_dir: Path, *, tested: int | None = None, corrupted: int = CORRUPTED_IMAGES
) -> list[Path]:
    """The files written; tested and corrupted: leading test images, fewer for the tests' small splits.

    Raises MettleError for a task that is frozen already.
    """
    entry = find_task(f"curation/{task_name}", tasks_dir)
    if entry.task.state != "draft":
        raise MettleError(
            entry.task.id, "a frozen split is never changed", f"state {entry.task.state}", "Write a new version."
        )
    return write_split(entry, freeze_curation(entry, tested, corrupted))


if __name__ == "__main__":
    main()
