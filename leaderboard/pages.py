"""The pages of the site, each from the collection and the tables of its tasks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark.documents import Task
from benchmark.documents.canonical import bytes_sha256
from leaderboard.anchors import ShownAnchor, anchors_line, shown_anchors
from leaderboard.bibtex import submission_entry, table_entry
from leaderboard.caption import coverage
from leaderboard.card import card
from leaderboard.collect import Collection, TaskKey
from leaderboard.compare_page import compare_page
from leaderboard.data_sets import data_sets, pool_title
from leaderboard.distilled_images import DistilledImages, distilled_images
from leaderboard.example_images import ExampleImages
from leaderboard.export import Flat, csv_text, entry_records, json_text, reported_records, table_records
from leaderboard.folding import AGREEMENT
from leaderboard.frozen_line import frozen_line
from leaderboard.heat import LEVELS
from leaderboard.missing import scores_of, unseen_metrics
from leaderboard.pair_tests import PAIR_TESTS
from leaderboard.ranking import CONFIDENCE
from leaderboard.reported import external_protocols, reported_rows
from leaderboard.reported_scatter import reported_scatter
from leaderboard.reported_view import reported_view
from leaderboard.rows import Row, Table
from leaderboard.site import BOARD, LONG_BOARD, Site
from leaderboard.status import EXPLAINED
from leaderboard.submission_view import declared, record_view
from leaderboard.task_paths import is_newest, reported_of, task_path
from leaderboard.task_plots import task_plots
from leaderboard.task_scatter import task_scatter
from leaderboard.task_view import leaders_note, row_keys, table_view

Board = Mapping[TaskKey, tuple[Table, ...]]
Placed = tuple[Task, Table, Row]
Examples = Mapping[TaskKey, ExampleImages]
Anchors = Mapping[TaskKey, Mapping[str, ShownAnchor]]

ROWS_ABOVE_A_PLOT = 12
"""Below a longer table nobody would find the plot, so it stands above."""


@dataclass(frozen=True)
class Files:
    """Where a table's data lies in the site."""

    csv: str
    json: str


def _data_files(site: Site, stem: str, records: list[Flat]) -> Files:
    files = Files(f"data/{stem}.csv", f"data/{stem}.json")
    site.add(files.csv, csv_text(records))
    site.add(files.json, json_text(records))
    return files


def task_page(
    site: Site, collection: Collection, board: Board, key: TaskKey, tasks_dir: Path, examples: ExampleImages | None
) -> None:
    """The page of one task version, with a data file for each of its tables, and its example images."""
    task = collection.tasks[key]
    stem = f"{task.family}/{task.name}.v{task.version}"
    keys = row_keys(board[key])
    newest = is_newest(collection, task)
    compare = compare_page(site, task, board[key], keys, task_path=task_path(task), newest=newest)
    views = [
        (table_view(task, table, keys=keys), _data_files(site, f"{stem}.{table.kind}", table_records(task, table)))
        for table in board[key]
    ]
    reported = reported_of(collection, task)
    line = frozen_line(task, tasks_dir)
    if examples:
        examples.add_to(site)
    site.page(
        task_path(task),
        "task.html.j2",
        scripts=LONG_BOARD if any(view.island for view, _ in views) else BOARD,
        task=task,
        tables=views,
        compare=compare,
        bibtex=table_entry(task, site.revision),
        note=next((leaders_note(table) for table in board[key] if table.kind == "ranked"), ""),
        plot=task_scatter(task, board[key], reported, line),
        plot_first=not views or len(views[0][0].rows) > ROWS_ABOVE_A_PLOT,
        plots=task_plots(task, board[key]),
        pair_test=PAIR_TESTS[task.pair_test],
        pool=pool_title(task),
        anchors=anchors_line(shown_anchors(task, tasks_dir)),
        reported=reported_view(reported, task, opened=not views),
        reported_files=_data_files(site, f"{stem}.reported", reported_records(reported)) if reported else None,
        examples=examples,
        card=card(tasks_dir / task.family / "README.md"),
        versions=[
            (other.version, task_path(other))
            for other in collection.tasks.values()
            if other.id == task.id and other.version != task.version
        ],
        newest=newest,
        unseen=unseen_metrics(task.also, board[key]),
        coverages={metric.name: coverage(scores_of(metric, board[key])) for metric in (task.primary, *task.also)},
    )


def submission_pages(
    site: Site, collection: Collection, board: Board, tasks_dir: Path, examples: Examples
) -> list[Callable[[], None]]:
    """A job for the page of every submission, scored or not."""
    found: dict[str, list[Placed]] = {name: [] for name in collection.submissions}
    for key, task in collection.tasks.items():
        for table in board[key]:
            for row in table.rows:
                found[row.entry.name].append((task, table, row))
    anchors = {key: shown_anchors(task, tasks_dir) for key, task in collection.tasks.items()}
    return [
        partial(_submission_page, site, collection, name, placed, anchors, examples) for name, placed in found.items()
    ]


def _submission_page(
    site: Site, collection: Collection, name: str, found: list[Placed], anchors: Anchors, examples: Examples
) -> None:
    """The page of one submission, with all numbers of its records as data."""
    submission = collection.submissions[name]
    records = [
        record_view(
            task,
            table,
            row,
            newest_version=is_newest(collection, task),
            anchors=anchors[task.id, task.version],
        )
        for task, table, row in found
    ]
    pictures = {row.entry.record.id: _pictures(site, collection, name, task, row) for task, _, row in found}
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
        examples=examples,
        pictures=pictures,
        bibtex=submission_entry(submission, [row.entry for _, _, row in found]),
    )


def _pictures(site: Site, collection: Collection, name: str, task: Task, row: Row) -> dict[str, DistilledImages]:
    """The distilled sets that a record scored, by the path of their picture, which is written into the site."""
    found = distilled_images(task, row.entry.record, row.entry.submission, collection.folders[name])
    pictures = {f"images/submissions/{name}/{picture.sha256[:12]}.png": picture for picture in found}
    for path, picture in pictures.items():
        if path not in site.files:  # another record of the same file
            site.add(path, picture.png)
    return pictures


def methods_page(site: Site) -> None:
    """How scores, intervals, ranks and statuses come about."""
    site.page("methods.html", "methods.html.j2", statuses=EXPLAINED, agreement=AGREEMENT, confidence=CONFIDENCE)


def data_page(site: Site, collection: Collection) -> None:
    """What the data files hold, where numbers of others come from, and which submissions have no numbers yet.

    Every protocol of others that is no task of ours gets a page, which repeats the notes of its documents.
    """
    ids = {task.id for task in collection.tasks.values()}
    pages = {task.id: task_path(task) for task in collection.tasks.values() if is_newest(collection, task)}
    for protocol in external_protocols(collection.reported, ids):
        pages[protocol] = _external_page(site, collection, protocol)
    documents = [
        (document, [(task, pages[task]) for task in sorted(named)], named.isdisjoint(ids))
        for document, named in ((document, {row.task for row in document.rows}) for document in collection.reported)
    ]
    scored = {entry.name for entries in collection.entries.values() for entry in entries}
    unscored = [submission for name, submission in collection.submissions.items() if name not in scored]
    newest = [task for task in collection.tasks.values() if is_newest(collection, task)]
    site.page(
        "data.html",
        "data.html.j2",
        documents=documents,
        unscored=unscored,
        data_sets=data_sets(newest),
        task_paths=pages,
        confidence=CONFIDENCE,
    )


def _external_page(site: Site, collection: Collection, protocol: str) -> str:
    """The page of one external protocol; returns its path."""
    stem = f"reported/{slug(protocol)}"
    primary = next(row.metric for document in collection.reported for row in document.rows if row.task == protocol)
    rows = reported_rows(collection.reported, protocol, primary)
    site.page(
        f"{stem}.html",
        "external.html.j2",
        scripts=BOARD,
        protocol=protocol,
        documents=[document for document in collection.reported if any(row.task == protocol for row in document.rows)],
        plot=reported_scatter(protocol, rows),
        view=reported_view(rows, opened=True),
        files=_data_files(site, stem, reported_records(rows)),
    )
    return f"{stem}.html"


def slug(name: str) -> str:
    """A file name of a protocol's name: its letters and digits, and a digest where others were left out or changed."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return f"{'-'.join(words)[:60]}-{bytes_sha256(name.encode())[:6]}"
