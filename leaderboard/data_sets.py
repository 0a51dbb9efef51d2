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
    """Every data set with a manifest, and every other one that a task names, by title; pools count as their task's.

    Raises MettleError for a manifest that cannot be read.
    """
    users: dict[str, list[Task]] = {}
    for task in tasks:
        for name in dict.fromkeys((task.data.dataset, *filter(None, [pool_of(task, folder)]))):
            users.setdefault(name, []).append(task)
    found = [read_data_set(path, tuple(users.pop(path.stem, []))) for path in sorted(folder.glob("*.json"))]
    found += [DataSet(name, name, "", "", "", tuple(users[name])) for name in sorted(users)]
    return sorted(found, key=lambda item: item.title.casefold())


def pool_of(task: Task, folder: Path = MANIFESTS) -> str:
    """The data set that a task's submissions choose their training set from, by name; empty for a task without a pool.

    The settings name a pool in full, or by what was done to the task's own data, `dirty` for instance; a clean pool is
    the training part of these.
    """
    pool = task.settings.get("pool")
    if not isinstance(pool, str):
        return ""
    named = (pool, f"{task.data.dataset}-{pool}")
    return next((name for name in named if (folder / f"{name}.json").is_file()), task.data.dataset)


def pool_title(task: Task, folder: Path = MANIFESTS) -> str:
    """What a task's submissions choose from, in words; empty for a task without a pool."""
    pool = pool_of(task, folder)
    if not pool:
        return ""
    if pool == task.data.dataset:
        return f"{pool}, train"
    return read_data_set(folder / f"{pool}.json").title


def read_data_set(path: Path, tasks: tuple[Task, ...] = ()) -> DataSet:
    """A data set by its manifest; MettleError for one that cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        texts = {key: str(content[key]) for key in ("name", "title", "description", "licence", "homepage")}
    except (OSError, ValueError, KeyError) as error:
        rule = "a manifest has name, title, description, licence and homepage"
        raise MettleError(path, rule, error) from None
    return DataSet(**texts, tasks=tasks)
