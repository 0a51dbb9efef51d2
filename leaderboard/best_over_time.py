"""The best score of a table as it stood day by day."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

from benchmark.documents import Task
from leaderboard.axis import DayAxis
from leaderboard.numbers import axis_title, factor
from leaderboard.plot import NO_PLOT, Plot
from leaderboard.rows import Row
from leaderboard.scatter import Front, Point, pareto_front, scatter

SHOWN = 50
"""Of the table, its first rows are drawn, so that a longer one makes no larger drawing, and whoever was the best."""
HEADING = "Best score over time"


def best_over_time(task: Task, rows: Sequence[Row], *, root: str = "../../", name: str = "over-time") -> Plot:
    """Each row's score on the day it was scored, and a stepped line through the best so far.

    rows: of one table with ranks, best first, so without superseded records. The line rests on all of them; drawn are
    those on it and the first `SHOWN`. A record that gives no readable day is left out and counted. root: the way from
    the page to the first page of the site. name: unique in the page. No plot unless two rows were scored on different
    days.
    """
    points = [_point(task, row, day, root) for row in rows if (day := scored_on(row)) is not None]
    if len({point.x for point in points}) < 2:
        return NO_PLOT
    higher = task.primary.higher_is_better
    front = Front("Best score so far", less_across=True, less_up=not higher, onwards=True)
    best = set(map(id, pareto_front(points, front)))
    drawn = [
        replace(point, hollow=id(point) not in best)
        for index, point in enumerate(points)
        if index < SHOWN or id(point) in best
    ]
    drawing = scatter(
        drawn,
        title=f"{task.title}: best {task.primary.title} over time",
        x_title="Day it was scored",
        y_title=axis_title(task.primary),
        name=name,
        front=front,
        across=DayAxis,
    )
    which = "Dots are the ranked rows"
    if len(drawn) < len(points):
        which = f"Dots are the first {SHOWN} of {len(points):,} ranked rows and all that were the best of their day"
    caption = (
        f"{which}, on the day their record was scored, not the day the method was published; full ones were the best "
        f"so far, numbers are today’s ranks. The line is the {'highest' if higher else 'lowest'} score so far among "
        "rows that still stand."
    )
    if undated := len(rows) - len(points):
        left_out = "row without a readable day is" if undated == 1 else "rows without a readable day are"
        caption += f" {undated:,} {left_out} left out."
    return Plot(drawing, caption, HEADING)


def scored_on(row: Row) -> datetime.date | None:
    """The day its record was scored, in the time zone the record gives; None where it gives something else."""
    try:
        return datetime.date.fromisoformat(row.entry.record.run.started[:10])
    except ValueError:
        return None


def _point(task: Task, row: Row, day: datetime.date, root: str) -> Point:
    score = row.entry.score(task.primary.name)
    assert score is not None, "a ranked row has a primary score"
    value = factor(task.primary) * score.value
    return Point(
        x=day.toordinal(),
        y=value,
        title=f"{row.entry.submission.title}: {value:.2f} on {day.isoformat()}",
        label=str(row.place.rank) if row.place else "",
        link=f"{root}submissions/{row.entry.name}.html",
    )
