"""Makes a draft task active: writes its frozen split and names the split's hash in the task's TOML."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.documents.canonical import bytes_sha256
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.task_registry import TaskEntry, find_task


def pin_task(task_id: str, tasks_dir: Path) -> list[Path]:
    """Freeze the split of a draft from the official files on this machine; returns the files written.

    Raises MettleError for a task that is not a draft, for a protocol that cannot pin, and for missing files.
    """
    entry = find_task(task_id, tasks_dir)
    if entry.task.state != "draft":
        raise MettleError(entry.task.id, "only a draft is pinned", f"state {entry.task.state}", "Write a new version.")
    return write_split(entry, entry.protocol().freeze_split(entry))


def write_split(entry: TaskEntry, split: str) -> list[Path]:
    """Write a split's text as `splits/<name>.v<version>.json` and pin its hash in the TOML, which becomes active."""
    stem = f"{entry.task.name}.v{entry.task.version}"
    path, toml = entry.folder / "splits" / f"{stem}.json", entry.folder / f"{stem}.toml"
    content = split.encode()
    write_atomically(path, content)
    text = re.sub(r"^split(_sha256)? = .*\n", "", toml.read_text(encoding="utf-8"), flags=re.M)
    text = re.sub(r"^state = .*$", 'state = "active"', text, flags=re.M)
    pinned = f'[data]\nsplit = "splits/{stem}.json"\nsplit_sha256 = "{bytes_sha256(content)}"\n'
    write_atomically(toml, text.replace("[data]\n", pinned, 1).encode())
    return [path, toml]
