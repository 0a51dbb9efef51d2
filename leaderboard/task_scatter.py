"""The plot of a task's page: clean accuracy against the primary metric, measured and reported rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from benchmark.documents import Metric, Task
from leaderboard.numbers import factor, unit_sign
from leaderboard.reported import ReportedRow
from leaderboard.rows import Table
from leaderboard.scatter import Point, scatter

CLEAN_METRICS = ("clean_accuracy", "accuracy")
"""What the horizontal axis shows, the first of these that the task reports."""


def task_scatter(task: Task, tables: Iterable[Table], reported: Sequence[ReportedRow]) -> Markup:
    """The plot; empty for a task without a clean accuracy beside its primary metric, or with fewer than two rows.

    Ranked rows are full dots with their rank and interval; unranked and reported ones are hollow. Void and withdrawn
    rows are not drawn.
    """
    by_name = {metric.name: metric for metric in task.also}
    clean = next((by_name[name] for name in CLEAN_METRICS if name in by_name), None)
    if clean is None:
        return Markup("")
    points = [point for table in tables if table.kind != "removed" for point in _measured(task, clean, table)]
    points += [
        Point(x, y, f"{row.first.method} (reported): {y:.2f} against {x:.2f} clean", hollow=True, link=f"#reported-{i}")
        for i, row in enumerate(reported, 1)
        if row.verified
        and (x := row.percent(clean.name)) is not None
        and (y := row.percent(task.primary.name)) is not None
    ]
    return scatter(
        points,
        title=f"{task.title}: {task.primary.title} against {clean.title}",
        x_title=_axis(clean),
        y_title=_axis(task.primary),
        name="scatter",
    )


def _axis(metric: Metric) -> str:
    unit = unit_sign(metric)
    return f"{metric.title} ({unit})" if unit else metric.title


def _measured(task: Task, clean: Metric, table: Table) -> list[Point]:
    points = []
    for row in table.rows:
        x, y = row.entry.score(clean.name), row.entry.score(task.primary.name)
        if x is None or y is None:
            continue
        scale = factor(task.primary)
        interval = (y.lower * scale, y.upper * scale) if y.lower is not None and y.upper is not None else None
        horizontal, vertical = factor(clean) * x.value, scale * y.value
        points.append(
            Point(
                x=horizontal,
                y=vertical,
                title=f"{row.entry.submission.title}: {vertical:.2f} against {horizontal:.2f} clean",
                label=str(row.place.rank) if row.place and table.kind == "ranked" else "",
                link=f"../../submissions/{row.entry.name}.html",
                hollow=table.kind != "ranked",
                y_interval=interval,
            )
        )
    return points
