"""Where the page of a task version lies, and what stands on the newest version only."""

from __future__ import annotations

from benchmark.documents import Task
from leaderboard.collect import Collection
from leaderboard.reported import ReportedRow, reported_rows


def task_path(task: Task) -> str:
    return f"tasks/{task.family}/{task.name}.v{task.version}.html"


def is_newest(collection: Collection, task: Task) -> bool:
    return task.version == max(version for task_id, version in collection.tasks if task_id == task.id)


def reported_of(collection: Collection, task: Task) -> list[ReportedRow]:
    """Reported results name a task without a version, so they stand on the page of its newest one."""
    if not is_newest(collection, task):
        return []
    return reported_rows(collection.reported, task.id, task.primary.name)
