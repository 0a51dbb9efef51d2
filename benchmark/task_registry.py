"""Task definitions by id, and the protocol module a task names; the engine knows no concrete task."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmark.documents import Task, file_sha256, read_task
from benchmark.errors import MettleError
from benchmark.paths import ROOT

TASKS_DIR = ROOT / "tasks"


@dataclass(frozen=True)
class TaskEntry:
    """A task and the family folder it was read from."""

    task: Task
    folder: Path

    @cached_property
    def split(self) -> dict[str, Any]:
        """The frozen split, its hash checked before it is parsed.

        Raises MettleError for a draft without one, a missing file, or a file that is not the pinned one.
        """
        data = self.task.data
        if data.split is None:
            raise MettleError(
                self.task.id,
                "this task is a draft: its data is not pinned, so nothing is scored on it",
                fix="See its card.",
            )
        path = self.folder / data.split
        if not path.is_file():
            raise MettleError(path, "the frozen split is missing", fix="Restore it: git checkout -- tasks")
        if (found := file_sha256(path)) != data.split_sha256:
            raise MettleError(
                path, f"the split has the sha256 {data.split_sha256}", found, "Restore it: git checkout -- tasks"
            )
        return json.loads(path.read_text(encoding="utf-8"))

    def protocol(self) -> Any:
        """The scoring code, a `benchmark.protocol.Protocol`: `PROTOCOL` of the module `<protocol>.py`.

        The module lies beside the task, or among Mettle's own of the same family.
        """
        own, built_in = (folder / f"{self.task.protocol}.py" for folder in (self.folder, TASKS_DIR / self.task.family))
        if own.is_file() and own != built_in:
            return _module_at(own).PROTOCOL
        if not built_in.is_file():
            raise MettleError(self.task.id, f"its protocol is a module {built_in}", "no such file")
        return importlib.import_module(f"tasks.{self.task.family}.{self.task.protocol}").PROTOCOL


def _module_at(path: Path) -> ModuleType:
    name = f"mettle_tasks.{path.parent.name}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def all_tasks(tasks_dir: Path = TASKS_DIR) -> list[TaskEntry]:
    """Every task below `tasks_dir`, all versions, ordered by id and version."""
    entries = [TaskEntry(read_task(path), path.parent) for path in tasks_dir.glob("*/*.v*.toml")]
    return sorted(entries, key=lambda entry: (entry.task.id, entry.task.version))


def find_task(task_id: str, tasks_dir: Path = TASKS_DIR) -> TaskEntry:
    """The newest version of a task by id, a draft only where there is no other, or the one named `<id>.v<version>`.

    Raises MettleError with the nearest id for an unknown one.
    """
    entries = all_tasks(tasks_dir)
    by_name = {f"{entry.task.id}.v{entry.task.version}": entry for entry in entries}
    drafts_first = sorted(entries, key=lambda entry: (entry.task.state != "draft", entry.task.version))
    by_name |= {entry.task.id: entry for entry in drafts_first}  # the last one stands
    if task_id in by_name:
        return by_name[task_id]
    ids = sorted({entry.task.id for entry in entries})
    short = {task.split("/")[1]: task for task in ids}
    near = difflib.get_close_matches(task_id, [*ids, *short], n=1, cutoff=0.4)
    fix = f"Did you mean {short.get(near[0], near[0])!r}?" if near else f"Known tasks: {', '.join(ids) or 'none'}."
    raise MettleError(task_id, "unknown task id", fix=f"{fix} `mettle tasks` lists all.")
