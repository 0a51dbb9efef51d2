"""How fast the leaders lose accuracy as corruptions get stronger."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from benchmark.documents import Task
from leaderboard.axis import Axis
from leaderboard.cells import ByName
from leaderboard.labels import title_label
from leaderboard.plot import NO_PLOT, Plot
from leaderboard.rows import Row
from leaderboard.svg import Attribute, Attributes, element, titled_drawing

SEVERITIES = (1, 2, 3, 4, 5)
CLEAN = "clean"
"""The cell of the images without corruption, drawn as severity 0."""
ACCURACY = "accuracy"
SHOWN = 6
"""Rows drawn; more curves can hardly be told apart."""
WIDTH, HEIGHT = 640.0, 360.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 220.0, 14.0, 46.0
LABEL_ROOM, NARROW_ROOM = 23.0, 15.0
"""Small letters of a rank and title at the end of a curve; fewer in the larger type of phones."""
LABEL_HEIGHT, LABEL_GAP = 22.0, 26.0
"""From one label to the next, and from a curve's end to its label."""
DASHES = ("", "9 4", "2 4", "12 4 2 4", "5 3", "14 3 2 3 2 3")
"""One a curve, so that colour is not needed to tell them apart."""
HEADING = "Accuracy by severity"

_CELL = re.compile(r"^(?P<corruption>[^:/]+)/(?P<severity>[1-5])$")


@dataclass(frozen=True)
class Curve:
    """Mean accuracy by severity in percent; severity 0 is missing where the record has no clean cell."""

    row: Row
    means: Mapping[int, float]


def severity_curves(task: Task, rows: Sequence[Row], *, root: str = "../../", name: str = "severities") -> Plot:
    """One curve for each of the first `SHOWN` rows that has cells `<corruption>/<severity>` of all five severities.

    rows: in the order of their table. root: the way from the page to the first page of the site. name: unique in the
    page. Means are over the corruptions that all curves have at every severity, of the cells' value of the primary
    metric, or of their accuracy where they have none of it. No plot without such corruptions.
    """
    first = rows[:SHOWN]
    metric = _metric(task, first)
    given = [(row, complete_corruptions(row.entry.record.result.cells, metric)) for row in first]
    with_cells = [(row, found) for row, found in given if found]
    shared = set.intersection(*(found for _, found in with_cells)) if with_cells else set()
    if not shared:
        return NO_PLOT
    curves = [Curve(row, severity_means(row.entry.record.result.cells, shared, metric)) for row, _ in with_cells]
    title = task.primary.title if metric == task.primary.name else "Accuracy"
    left_out = len(first) - len(curves)
    clean = "on the clean images and " if any(0 in curve.means for curve in curves) else ""
    corruptions = "1 corruption" if len(shared) == 1 else f"mean over {len(shared)} corruptions"
    which = "the only row" if len(first) == 1 else f"the first {len(first)} rows"
    caption = (
        f"{title} {clean}at each strength of corruption ({corruptions}) of {which}; numbers are ranks. No intervals "
        "are drawn here: small gaps between curves say nothing, the table says who is ahead."
    )
    if left_out:
        caption += f" {left_out} of these rows {'has' if left_out == 1 else 'have'} no such cells."
    return Plot(_drawing(task, curves, title, root=root, name=name), caption, HEADING)


def _metric(task: Task, rows: Sequence[Row]) -> str:
    """The primary metric where some corrupted cell has it, so that curves order rows as their table does."""
    primary = task.primary.name
    cells = (row.entry.record.result.cells for row in rows)
    return (
        primary
        if any(primary in values for by in cells for key, values in by.items() if _CELL.match(key))
        else ACCURACY
    )


def complete_corruptions(cells: ByName, metric: str = ACCURACY) -> set[str]:
    """Names of the corruptions with a share as the value of the metric at every severity."""
    found: dict[str, set[int]] = {}
    for key, values in cells.items():
        if (match := _CELL.match(key)) and _is_share(values.get(metric)):
            found.setdefault(match["corruption"], set()).add(int(match["severity"]))
    return {corruption for corruption, severities in found.items() if severities == set(SEVERITIES)}


def _is_share(value: float | None) -> bool:
    return value is not None and 0 <= value <= 1


def severity_means(cells: ByName, corruptions: set[str], metric: str = ACCURACY) -> dict[int, float]:
    """The mean over the corruptions at each severity, in percent; severity 0 is the clean cell, if there is one.

    corruptions: at least one, all complete. cells: values are shares.
    """
    clean = cells.get(CLEAN, {}).get(metric)
    means = {0: 100 * clean} if clean is not None and _is_share(clean) else {}
    for severity in SEVERITIES:
        values = [cells[f"{corruption}/{severity}"][metric] for corruption in sorted(corruptions)]
        means[severity] = 100 * math.fsum(values) / len(values)
    return means


def label_heights(wanted: Sequence[float], apart: float, lowest: float) -> list[float]:
    """Where labels stand that want to be at these heights, in their order from the top, `apart` from each other.

    Each is pushed down by those above it, and all are moved up together from below `lowest`.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [0.0] * len(wanted)
    above = -math.inf
    for index in order:
        above = placed[index] = max(wanted[index], above + apart)
    below = lowest + apart
    for index in reversed(order):
        below = placed[index] = min(placed[index], below - apart)
    return placed


def _drawing(task: Task, curves: Sequence[Curve], title: str, *, root: str, name: str) -> Markup:
    y = Axis([mean for curve in curves for mean in curve.means.values()], HEIGHT - BOTTOM, TOP)
    ends = label_heights([y(curve.means[SEVERITIES[-1]]) for curve in curves], LABEL_HEIGHT, HEIGHT - BOTTOM)
    return titled_drawing(
        "scatter curves",
        WIDTH,
        HEIGHT,
        name,
        f"{task.title}: {title} by severity of corruption",
        f"{len(curves)} curves from clean images to severity 5.",
        *_grid(y, title),
        *(_curve(curve, index, y, ends[index], root) for index, curve in reversed(list(enumerate(curves)))),
    )


def _across(severity: int) -> float:
    return LEFT + 10 + severity / SEVERITIES[-1] * (WIDTH - RIGHT - LEFT - 20)


def _grid(y: Axis, title: str) -> list[Markup]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    shapes = []
    for value in y.ticks():
        shapes.append(element("path", {"class": "grid", "d": f"M{LEFT:g} {y(value):.1f}H{right:g}"}))
        shapes.append(element("text", {"x": LEFT - 8, "y": y(value) + 4, "text-anchor": "end"}, y.written(value)))
    for severity in (0, *SEVERITIES):
        place: Attributes = {"x": _across(severity), "y": bottom + 18, "text-anchor": "middle"}
        shapes.append(element("text", place, str(severity) if severity else CLEAN))
    middle: Attributes = {"class": "axis-title", "x": (LEFT + right) / 2, "y": HEIGHT - 6, "text-anchor": "middle"}
    turned = f"translate(14 {(TOP + bottom) / 2:g}) rotate(-90)"
    up = {"class": "axis-title", "transform": turned, "text-anchor": "middle"}
    return [*shapes, element("text", middle, "Severity of corruption"), element("text", up, f"{title} (%)")]


def _curve(curve: Curve, index: int, y: Axis, label_y: float, root: str) -> Markup:
    submission = curve.row.entry.submission
    number = f"{curve.row.place.rank} " if curve.row.place else ""
    points = [(_across(severity), y(mean)) for severity, mean in sorted(curve.means.items())]
    end_x, end_y = points[-1]
    path = "M" + "L".join(f"{x:.1f} {up:.1f}" for x, up in points)
    leader = f"M{end_x + 5:.1f} {end_y:.1f}L{end_x + LABEL_GAP - 4:.1f} {label_y:.1f}"
    label: dict[str, Attribute] = {"x": end_x + LABEL_GAP, "y": label_y + 5}
    kind = f"curve curve{index + 1}"
    dashes = {"stroke-dasharray": DASHES[index]} if DASHES[index] else {}
    parts = [
        element("path", {"class": kind, "d": path, **dashes}),
        *(_mark(submission.title, severity, curve.means[severity], y, kind) for severity in sorted(curve.means)),
        element("path", {"class": "leader", "d": leader}),
        title_label(submission.title, label, LABEL_ROOM, NARROW_ROOM, before=number),
    ]
    said = f"{submission.title}: {_said(0, curve.means)}{_said(SEVERITIES[-1], curve.means)}"
    return element(
        "a", {"href": f"{root}submissions/{curve.row.entry.name}.html", "aria-label": said.rstrip(", ")}, *parts
    )


def _said(severity: int, means: Mapping[int, float]) -> str:
    if severity not in means:
        return ""
    return f"{means[severity]:.1f} % {f'at severity {severity}' if severity else 'clean'}, "


def _mark(title: str, severity: int, mean: float, y: Axis, kind: str) -> Markup:
    where = f"severity {severity}" if severity else CLEAN
    said = element("title", {}, f"{title}: {mean:.2f} %, {where}")
    return element("circle", {"class": kind, "cx": _across(severity), "cy": y(mean), "r": 3.5}, said)
