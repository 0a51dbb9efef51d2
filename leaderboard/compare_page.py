"""A page for each task that puts up to four of its rows side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmark.documents import Task
from leaderboard.compare_view import compare_island, compared_metric
from leaderboard.pair_tests import PAIR_TESTS
from leaderboard.ranking import CONFIDENCE
from leaderboard.rows import Table
from leaderboard.site import THEME, Site


def compare_path(task: Task) -> str:
    return f"compare/{task.family}/{task.name}.v{task.version}.html"


def compare_page(
    site: Site, task: Task, tables: Sequence[Table], keys: Mapping[str, str], *, task_path: str, newest: bool
) -> str:
    """Write the page of a task version and return its path; empty where there are no two rows to compare."""
    island = compare_island(task, tables, keys)
    if not island:
        return ""
    site.page(
        compare_path(task),
        "compare.html.j2",
        scripts=(*THEME, "compare.js"),
        task=task,
        task_path=task_path,
        newest=newest,
        compared=compared_metric(task),
        pair_test=PAIR_TESTS[task.pair_test],
        confidence=CONFIDENCE,
        island=island,
    )
    return compare_path(task)
