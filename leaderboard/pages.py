"""The pages of the site, each from the collection and the tables of its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.documents import Task
from leaderboard.card import card
from leaderboard.collect import Collection, TaskKey
from leaderboard.export import Flat, csv_text, entry_records, json_text, reported_records, table_records
from leaderboard.folding import AGREEMENT
from leaderboard.heat import LEVELS
from leaderboard.ranking import CONFIDENCE
from leaderboard.reported import ReportedRow, external_protocols, reported_rows
from leaderboard.rows import Row, Table
from leaderboard.site import Site
from leaderboard.status import EXPLAINED
from leaderboard.submission_view import declared, record_view
from leaderboard.task_scatter import task_scatter
from leaderboard.task_view import TableView, leaders_note, table_view

Board = Mapping[TaskKey, tuple[Table, ...]]
Placed = tuple[Task, Table, Row]

LEADERS_SHOWN = 5
"""Rows of a task on the first page."""


@dataclass(frozen=True)
class Files:
    """Where a table's data lies in the site."""

    csv: str
    json: str


@dataclass(frozen=True)
class IndexTask:
    """A task on the first page."""

    task: Task
    path: str
    records: int
    reported: int
    ranked: int
    leaders: TableView | None
    """The best rows, drawn on an axis of their own."""
    note: str


def task_path(task: Task) -> str:
    return f"tasks/{task.family}/{task.name}.v{task.version}.html"


def _is_newest(collection: Collection, task: Task) -> bool:
    return task.version == max(version for task_id, version in collection.tasks if task_id == task.id)


def _data_files(site: Site, stem: str, records: list[Flat]) -> Files:
    files = Files(f"data/{stem}.csv", f"data/{stem}.json")
    site.add(files.csv, csv_text(records))
    site.add(files.json, json_text(records))
    return files


def _reported(collection: Collection, task: Task) -> list[ReportedRow]:
    """Reported results name a task without a version, so they stand on the page of its newest one."""
    if not _is_newest(collection, task):
        return []
    return reported_rows(collection.reported, task.id, task.primary.name)


def _reported_metrics(task: Task | None, rows: list[ReportedRow]) -> list[tuple[str, str]]:
    """Name and title of the metrics that the rows give: the task's own first, in its order."""
    titles = {metric.name: metric.title for metric in (task.primary, *task.also)} if task else {}
    given = dict.fromkeys(name for row in rows for name in row.values)
    ordered = [name for name in titles if name in given] + [name for name in given if name not in titles]
    return [(name, titles.get(name, name.replace("_", " ").capitalize())) for name in ordered]


def task_page(site: Site, collection: Collection, board: Board, key: TaskKey, tasks_dir: Path) -> None:
    """The page of one task version, with a data file for each of its tables."""
    task = collection.tasks[key]
    stem = f"{task.family}/{task.name}.v{task.version}"
    views = [
        (table_view(task, table), _data_files(site, f"{stem}.{table.kind}", table_records(task, table)))
        for table in board[key]
    ]
    reported = _reported(collection, task)
    site.page(
        task_path(task),
        "task.html.j2",
        task=task,
        tables=views,
        note=next((leaders_note(table) for table in board[key] if table.kind == "ranked"), ""),
        plot=task_scatter(task, board[key], reported),
        reported=reported,
        reported_metrics=_reported_metrics(task, reported),
        reported_files=_data_files(site, f"{stem}.reported", reported_records(reported)) if reported else None,
        card=card(tasks_dir / task.family / "README.md"),
        versions=[
            (other.version, task_path(other))
            for other in collection.tasks.values()
            if other.id == task.id and other.version != task.version
        ],
        newest=_is_newest(collection, task),
    )


def submission_pages(site: Site, collection: Collection, board: Board) -> None:
    """A page for every submission, scored or not."""
    found: dict[str, list[Placed]] = {name: [] for name in collection.submissions}
    for key, task in collection.tasks.items():
        for table in board[key]:
            for row in table.rows:
                found[row.entry.name].append((task, table, row))
    for name, placed in found.items():
        _submission_page(site, collection, name, placed)


def _submission_page(site: Site, collection: Collection, name: str, found: list[Placed]) -> None:
    """The page of one submission, with all numbers of its records as data."""
    submission = collection.submissions[name]
    records = [record_view(task, table, row, newest_version=_is_newest(collection, task)) for task, table, row in found]
    flat = [record for task, _, row in found for record in entry_records(task, row.entry, row.status)]
    site.page(
        f"submissions/{name}.html",
        "submission.html.j2",
        submission=submission,
        declared=declared(submission),
        records=records,
        task_paths={(task.id, task.version): task_path(task) for task in collection.tasks.values()},
        files=_data_files(site, f"submissions/{name}", flat) if flat else None,
        heat_levels=LEVELS,
    )


def index_page(site: Site, collection: Collection, board: Board) -> None:
    """The first page: research before sandbox, in each the active tasks before drafts and older versions."""
    tiers = []
    for tier in ("research", "sandbox"):
        tasks = [task for task in collection.tasks.values() if task.tier == tier]
        current = [task for task in tasks if _is_newest(collection, task)]
        shown = [_index_task(collection, board, task) for task in current if task.state == "active"]
        others = [
            _index_task(collection, board, task)
            for task in tasks
            if task.state != "active" or not _is_newest(collection, task)
        ]
        if tasks:
            tiers.append((tier, shown, others))
    local = [entry for entries in collection.entries.values() for entry in entries if entry.local]
    repeated = [entry for entries in collection.entries.values() for entry in entries if entry.repeated_here]
    site.page("index.html", "index.html.j2", tiers=tiers, local_count=len(local), repeated_count=len(repeated))


def _index_task(collection: Collection, board: Board, task: Task) -> IndexTask:
    key = (task.id, task.version)
    ranked = next((table for table in board[key] if table.kind == "ranked"), None)
    return IndexTask(
        task=task,
        path=task_path(task),
        records=len(collection.entries[key]),
        reported=len(_reported(collection, task)),
        ranked=len(ranked.rows) if ranked else 0,
        leaders=table_view(task, ranked, LEADERS_SHOWN) if ranked else None,
        note=leaders_note(ranked) if ranked else "",
    )


def methods_page(site: Site) -> None:
    """How scores, intervals, ranks and statuses come about."""
    site.page("methods.html", "methods.html.j2", statuses=EXPLAINED, agreement=AGREEMENT, confidence=CONFIDENCE)


def data_page(site: Site, collection: Collection) -> None:
    """What the data files hold, where numbers of others come from, and which submissions have no numbers yet."""
    ids = {task.id for task in collection.tasks.values()}
    external = []
    for index, protocol in enumerate(external_protocols(collection.reported, ids), 1):
        rows = reported_rows(collection.reported, protocol)
        files = _data_files(site, f"reported/external-{index}", reported_records(rows))
        external.append((protocol, rows, _reported_metrics(None, rows), files))
    pages = {task.id: task_path(task) for task in collection.tasks.values() if _is_newest(collection, task)}
    documents = [
        (document, [(task, pages.get(task)) for task in sorted({row.task for row in document.rows})])
        for document in collection.reported
    ]
    scored = {entry.name for entries in collection.entries.values() for entry in entries}
    unscored = [submission for name, submission in collection.submissions.items() if name not in scored]
    site.page("data.html", "data.html.j2", external=external, documents=documents, unscored=unscored)
