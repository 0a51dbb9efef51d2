"""The first page: research before sandbox, in each the families with a plot and their leaders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.documents import Task
from leaderboard.collect import Collection, TaskKey
from leaderboard.families import Family, by_family
from leaderboard.frozen_line import frozen_line
from leaderboard.plot import Plot
from leaderboard.rows import Table
from leaderboard.site import THEME, Site
from leaderboard.task_paths import is_newest, reported_of, task_path
from leaderboard.task_scatter import task_scatter
from leaderboard.task_view import TableView, leaders_note, table_view

Board = Mapping[TaskKey, tuple[Table, ...]]

LEADERS_SHOWN = 4
"""Rows of a task on the first page."""


@dataclass(frozen=True)
class IndexTask:
    """A task on the first page."""

    task: Task
    path: str
    records: int
    reported: int
    ranked: int
    leaders: TableView | None
    """The best rows of its first table with ranks, drawn on an axis of their own."""
    note: str

    @property
    def table(self) -> str:
        """Which table the rows are of, where it is not the main one."""
        return "" if self.leaders is None or self.leaders.kind == "ranked" else self.leaders.heading.title


@dataclass(frozen=True)
class IndexFamily:
    """A family of one tier: its tasks with rows, those that wait for one, and one plot."""

    family: Family
    scored: tuple[IndexTask, ...]
    waiting: tuple[IndexTask, ...]
    plot: Plot | None
    plotted: IndexTask | None
    """The task of the plot: the first that has one."""


def index_page(site: Site, collection: Collection, board: Board, tasks_dir: Path) -> None:
    """The first page; tasks in preparation and older versions stand at the end of their tier."""
    tiers = []
    for tier in ("research", "sandbox"):
        tasks = [task for task in collection.tasks.values() if task.tier == tier]
        shown = [task for task in tasks if task.state == "active" and is_newest(collection, task)]
        families = [
            _family(family, [_index_task(collection, board, task) for task in members], board, tasks_dir, tier)
            for family, members in by_family(shown)
        ]
        others = [_index_task(collection, board, task) for task in tasks if task not in shown]
        if tasks:
            tiers.append((tier, families, others))
    local = [entry for entries in collection.entries.values() for entry in entries if entry.local]
    repeated = [entry for entries in collection.entries.values() for entry in entries if entry.repeated_here]
    site.page(
        "index.html",
        "index.html.j2",
        scripts=THEME,
        tiers=tiers,
        local_count=len(local),
        repeated_count=len(repeated),
    )


def _family(family: Family, items: Sequence[IndexTask], board: Board, tasks_dir: Path, tier: str) -> IndexFamily:
    plotted, plot = None, None
    for item in items:
        key = (item.task.id, item.task.version)
        line = frozen_line(item.task, tasks_dir)
        ranked = [table for table in board[key] if table.ranking is not None][:1]
        found = task_scatter(item.task, ranked, (), line, root="", name=f"{tier}-{family.name}")
        if found:
            plotted, plot = item, found
            break
    return IndexFamily(
        family,
        scored=tuple(item for item in items if item.records),
        waiting=tuple(item for item in items if not item.records),
        plot=plot,
        plotted=plotted,
    )


def _index_task(collection: Collection, board: Board, task: Task) -> IndexTask:
    """Its leaders are of its first table with ranks: the main one, or predictions where nobody sent a model."""
    key = (task.id, task.version)
    main = next((table for table in board[key] if table.ranking is not None), None)
    return IndexTask(
        task=task,
        path=task_path(task),
        records=len(collection.entries[key]),
        reported=len(reported_of(collection, task)),
        ranked=len(main.rows) if main else 0,
        leaders=table_view(task, main, first=LEADERS_SHOWN) if main else None,
        note=leaders_note(main) if main else "",
    )
