"""The drawings below the tables of a page."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.documents import Task
from leaderboard.best_over_time import best_over_time
from leaderboard.bundles import BundleTable
from leaderboard.plot import Plot
from leaderboard.rank_forest import Ranked, rank_forest
from leaderboard.rows import Table
from leaderboard.severity_curves import severity_curves


def task_plots(task: Task, tables: Sequence[Table], root: str = "../../") -> list[Plot]:
    """Ranks, severities and the best over time of the first table with ranks; each only where it says something.

    root: the way from the page to the first page of the site.
    """
    main = next((table for table in tables if table.ranking is not None), None)
    if main is None:
        return []
    ranked = [
        Ranked(row.entry.submission.title, f"{root}submissions/{row.entry.name}.html", row.place)
        for row in main.rows
        if row.place is not None
    ]
    made = (
        rank_forest(ranked, of=task.title),
        severity_curves(task, main.rows, root=root),
        best_over_time(task, main.rows, root=root),
    )
    return [plot for plot in made if plot]


def bundle_plots(table: BundleTable, root: str = "../") -> list[Plot]:
    """Ranks of the complete rows of a bundle, where there are two."""
    ranked = [
        Ranked(row.submission.title, f"{root}submissions/{row.submission.name}.html", row.place)
        for row in table.complete
        if row.place is not None
    ]
    forest = rank_forest(ranked, of=table.bundle.title)
    return [forest] if forest else []
