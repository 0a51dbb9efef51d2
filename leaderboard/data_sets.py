"""The data sets behind the tasks: what they are, under which licence, and which tasks show them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmark.documents import Task
from benchmark.errors import MettleError
from benchmark.paths import ROOT

MANIFESTS = ROOT / "benchmark" / "data" / "manifests"


@dataclass(frozen=True)
class DataSet:
    """One data set as its manifest describes it; a task's data without a manifest has a name and nothing else."""

    name: str
    title: str
    description: str
    licence: str
    homepage: str
    tasks: tuple[Task, ...]


def data_sets(tasks: Iterable[Task], folder: Path = MANIFESTS) -> list[DataSet]:
    """Every data set with a manifest, and every other one that a task names, by title.

    Raises MettleError for a manifest that cannot be read.
    """
    users: dict[str, list[Task]] = {}
    for task in tasks:
        users.setdefault(task.data.dataset, []).append(task)
    found = [read_data_set(path, tuple(users.pop(path.stem, []))) for path in sorted(folder.glob("*.json"))]
    found += [DataSet(name, name, "", "", "", tuple(users[name])) for name in sorted(users)]
    return sorted(found, key=lambda item: item.title.casefold())


def read_data_set(path: Path, tasks: tuple[Task, ...] = ()) -> DataSet:
    """A data set by its manifest; MettleError for one that cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        texts = {key: str(content[key]) for key in ("name", "title", "description", "licence", "homepage")}
    except (OSError, ValueError, KeyError) as error:
        rule = "a manifest has name, title, description, licence and homepage"
        raise MettleError(path, rule, error) from None
    return DataSet(**texts, tasks=tasks)
