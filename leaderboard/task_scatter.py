"""The plot of a task's page: the primary metric against what a reader would compare it with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from benchmark.documents import Metric, Score, Task
from leaderboard.axis import Axis, ByteAxis, LogitAxis
from leaderboard.frozen_line import BEYOND_THE_LINE, FrozenLine
from leaderboard.headings import heading
from leaderboard.numbers import axis_title, byte_count, factor, plain, signed
from leaderboard.outcomes import averaged_score
from leaderboard.plot import NO_PLOT, Plot
from leaderboard.reported import ReportedRow
from leaderboard.rows import Table
from leaderboard.scatter import PARETO, Front, Line, Point, scatter

CLEAN_METRICS = ("clean_accuracy", "original_accuracy", "accuracy", "id_accuracy")
"""What the horizontal axis shows, the first of these that the task reports."""

NEAR_AND_FAR = {"near_ood_auroc": "far_ood_auroc", "far_ood_auroc": "near_ood_auroc"}
"""A detection task that has both is drawn as one against the other: near is the harder one."""


BYTES = "bytes_total"
"""What a submitted set costs, where the task counts it."""
SIZES_APART = 1.1
"""The largest set is at least so many times the smallest, or sets are not drawn against their bytes."""

WRONG_LABELS = "wrong_label_share"
WRONG_LABELS_READING = (
    "A choice with fewer wrong labels teaches more, unless what is worth learning is left out with them."
)

NEAR_AND_FAR_LINE = Line(1, 0, "Dashed: near and far sets equally hard", "diagonal")
NEAR_AND_FAR_READING = (
    "Near sets are the harder ones by design; a row on the wrong side of the dashed line deserves a look."
)
FRONT_READING = "The stepped line joins the rows that no other row of the first table beats on both axes."
FEWEST_BYTES = Front("Pareto line: no full dot scores higher with as few bytes", less_across=True)
LEAST_SCORE_AND_BYTES = replace(
    FEWEST_BYTES, title="Pareto line: no full dot scores lower with as few bytes", less_up=True
)
BYTES_READING = (
    "Bytes are all arrays of a set as stored, soft labels included; each step of the horizontal axis is a factor. The "
    "stepped line joins the rows of the first table that no other row beats with as few bytes."
)
LINE_READING = (
    "On the solid line a row loses as much as is usual for its accuracy; the distance above it is effective "
    "robustness. The dashed line is no loss at all. Both axes are spread by log odds."
)


@dataclass(frozen=True)
class _Kind:
    """What stands against the primary metric, and which lines help to read it."""

    against: Metric
    lines: tuple[Line, ...] = ()
    axis: type[Axis] = Axis
    """How the horizontal axis spreads its values; the vertical one does the same where that is by log odds."""
    reading: str = ""
    front: Front | None = None
    """Joins the rows that no other row beats on both axes."""

    @property
    def logits(self) -> bool:
        return self.axis is LogitAxis

    def has_place(self, x: float) -> bool:
        """Whether the horizontal axis can show a value; a logarithm needs one above 0."""
        return self.axis is not ByteAxis or x > 0

    def said(self, x: float) -> str:
        """The horizontal value of a dot, in its title."""
        return f"with {byte_count(x)}" if self.axis is ByteAxis else f"against {x:.2f}"


def task_scatter(
    task: Task,
    tables: Iterable[Table],
    reported: Sequence[ReportedRow],
    line: FrozenLine | None = None,
    *,
    root: str = "../../",
    name: str = "scatter",
) -> Plot:
    """The plot; empty for a task without a metric to set against its primary one, or with fewer than two rows.

    Rows without either number are left out. Sets of about one size are not drawn against their bytes.

    `root`: the way from the page to the first page of the site. `name`: of the drawing, unique in the page.

    The rows of the first table with ranks are full dots with their rank; all others are hollow. Void and withdrawn rows
    are not drawn.
    """
    kind = _kind(task, line)
    if kind is None:
        return NO_PLOT
    shown = [table for table in tables if table.kind != "removed"]
    main = next((table for table in shown if table.ranking is not None), None)
    points = [point for table in shown for point in _measured(task, kind, table, main=table is main, root=root)]
    points += [
        Point(x, y, f"{row.first.method} (reported): {y:.2f} {kind.said(x)}", hollow=True, link=f"#reported-{i}")
        for i, row in enumerate(reported, 1)
        if row.verified
        and (x := row.percent(kind.against.name)) is not None
        and (y := row.percent(task.primary.name)) is not None
    ]
    sizes = [point.x for point in points]
    if kind.against.unit == "bytes" and (len(sizes) < 2 or max(sizes) < SIZES_APART * min(sizes)):
        return NO_PLOT  # the axis would draw a trade-off out of a few bytes
    drawing = scatter(
        points,
        title=f"{task.title}: {task.primary.title} against {kind.against.title}",
        x_title=axis_title(kind.against),
        y_title=axis_title(task.primary),
        name=name,
        lines=kind.lines,
        front=kind.front,
        across=kind.axis,
        up=LogitAxis if kind.logits else Axis,
    )
    if main is None:
        dots = "Each dot leads to its row or page."
    else:
        first = heading(task, main.kind).title
        dots = (
            f"Full dots are the rows of the table “{first}” with their rank; hollow ones stand in other tables or were "
            "reported by others. Lines through dots are intervals. Each dot leads to its row or page."
        )
    return Plot(drawing, f"{kind.reading} {dots}".strip())


def _kind(task: Task, line: FrozenLine | None) -> _Kind | None:
    by_name = {metric.name: metric for metric in task.also}
    other = by_name.get(NEAR_AND_FAR.get(task.primary.name, ""))
    if other is not None:
        return _Kind(other, (NEAR_AND_FAR_LINE,), reading=NEAR_AND_FAR_READING)
    if (size := by_name.get(BYTES)) is not None:
        front = FEWEST_BYTES if task.primary.higher_is_better else LEAST_SCORE_AND_BYTES
        return _Kind(size, axis=ByteAxis, reading=BYTES_READING, front=front)
    if averaged_score(task) != task.primary.name and (wrong := by_name.get(WRONG_LABELS)) is not None:
        return _Kind(wrong, reading=WRONG_LABELS_READING)  # a gain is a straight line of the accuracy
    clean = next((by_name[name] for name in CLEAN_METRICS if name in by_name), None)
    if clean is None:
        return None
    if line is not None:
        slope, intercept = line.slope, line.intercept
        fit = Line(slope, intercept, "Line: accuracy under shift as usual for an accuracy without", "fit")
        diagonal = Line(1, 0, "Dashed: nothing lost under shift", "diagonal")
        formula = f"logit(y) = {plain(slope, 4)} logit(x) {signed(intercept, 4, spaced=True)}"
        reading = f"{LINE_READING} The line is frozen with the task: {formula}."
        return _Kind(clean, (fit, diagonal), axis=LogitAxis, reading=reading)
    if task.pair_test == "worst_group":
        diagonal = Line(1, 0, "Dashed: the worst group is as good as the whole", "diagonal")
        reading = "The further a row lies below the dashed line, the more its mean hides."
        return _Kind(clean, (diagonal,), reading=reading)
    if clean.higher_is_better and task.primary.higher_is_better:
        return _Kind(clean, reading=FRONT_READING, front=PARETO)
    return _Kind(clean)


def _measured(task: Task, kind: _Kind, table: Table, *, main: bool, root: str) -> list[Point]:
    points = []
    beyond = next((metric for metric in task.also if metric.name == BEYOND_THE_LINE), None) if kind.logits else None
    for row in table.rows:
        x, y = row.entry.score(kind.against.name), row.entry.score(task.primary.name)
        if x is None or y is None:
            continue
        across, up = factor(kind.against) * x.value, factor(task.primary) * y.value
        if not kind.has_place(across):
            continue
        title = f"{row.entry.submission.title}: {up:.2f} {kind.said(across)}"
        if beyond is not None and (above := row.entry.score(beyond.name)) is not None:
            title += f", {signed(factor(beyond) * above.value, 2)} points from the line"
        points.append(
            Point(
                x=across,
                y=up,
                title=title,
                label=str(row.place.rank) if row.place and main else "",
                link=f"{root}submissions/{row.entry.name}.html",
                hollow=not main,
                x_interval=_interval(kind.against, x) if kind.logits else None,
                y_interval=_interval(task.primary, y),
            )
        )
    return points


def _interval(metric: Metric, score: Score) -> tuple[float, float] | None:
    if score.lower is None or score.upper is None:
        return None
    return factor(metric) * score.lower, factor(metric) * score.upper
