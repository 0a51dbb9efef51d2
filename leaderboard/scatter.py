"""Accuracy on clean images against the primary metric, one dot a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from leaderboard.svg import Attributes, Scale, element, padded, ticks

WIDTH, HEIGHT = 640.0, 400.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 14.0, 14.0, 46.0
LABELLED = 12
"""So many of the first points carry their label beside them, where it does not touch an earlier label."""
LABEL_WIDTH, LABEL_HEIGHT = 26.0, 15.0
CROWDED = 150
"""More points than this are drawn small."""


@dataclass(frozen=True)
class Point:
    """A dot at (x, y), both in the unit shown; `link` leads to its page, `label` stands beside it."""

    x: float
    y: float
    title: str
    label: str = ""
    link: str | None = None
    hollow: bool = False
    y_interval: tuple[float, float] | None = None


def scatter(points: Sequence[Point], *, title: str, x_title: str, y_title: str, name: str) -> Markup:
    """The plot as one `<svg>` with a title and a description; empty for fewer than two points.

    `name` is unique in the page: it makes the ids that tie the title to the drawing.
    """
    if len(points) < 2:
        return Markup("")
    lows = [point.y_interval[0] if point.y_interval else point.y for point in points]
    highs = [point.y_interval[1] if point.y_interval else point.y for point in points]
    x_axis = Scale(*padded(min(p.x for p in points), max(p.x for p in points)), LEFT, WIDTH - RIGHT)
    y_axis = Scale(*padded(min(lows), max(highs)), HEIGHT - BOTTOM, TOP)
    description = f"{len(points)} rows; {x_title} from left to right, {y_title} from bottom to top."
    return element(
        "svg",
        {
            "class": "scatter",
            "viewBox": f"0 0 {WIDTH:g} {HEIGHT:g}",
            "role": "group",
            "aria-labelledby": f"{name}-title {name}-about",
        },
        element("title", {"id": f"{name}-title"}, title),
        element("desc", {"id": f"{name}-about"}, description),
        *_grid(x_axis, y_axis, x_title, y_title),
        *(_whisker(point, x_axis, y_axis) for point in points if point.y_interval),
        *(_dot(point, x_axis, y_axis, radius=5 if len(points) <= CROWDED else 3) for point in reversed(points)),
        *_labels(points[:LABELLED], x_axis, y_axis),
    )


def _grid(x_axis: Scale, y_axis: Scale, x_title: str, y_title: str) -> list[Markup]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    shapes = []
    for value in ticks(x_axis.low, x_axis.high):
        x = x_axis(value)
        shapes.append(element("path", {"class": "grid", "d": f"M{x:.1f} {TOP:g}V{bottom:g}"}))
        shapes.append(element("text", {"x": x, "y": bottom + 18, "text-anchor": "middle"}, f"{value:g}"))
    for value in ticks(y_axis.low, y_axis.high):
        y = y_axis(value)
        shapes.append(element("path", {"class": "grid", "d": f"M{LEFT:g} {y:.1f}H{right:g}"}))
        shapes.append(element("text", {"x": LEFT - 8, "y": y + 4, "text-anchor": "end"}, f"{value:g}"))
    middle = (LEFT + right) / 2
    across: Attributes = {"class": "axis-title", "x": middle, "y": HEIGHT - 6, "text-anchor": "middle"}
    centre = (TOP + bottom) / 2
    up: Attributes = {
        "class": "axis-title",
        "transform": f"translate(14 {centre:g}) rotate(-90)",
        "text-anchor": "middle",
    }
    return [*shapes, element("text", across, x_title), element("text", up, y_title)]


def _whisker(point: Point, x_axis: Scale, y_axis: Scale) -> Markup:
    assert point.y_interval is not None
    low, high = point.y_interval
    path = f"M{x_axis(point.x):.1f} {y_axis(low):.1f}V{y_axis(high):.1f}"
    return element("path", {"class": "whisker", "d": path})


def _dot(point: Point, x_axis: Scale, y_axis: Scale, radius: int) -> Markup:
    attributes: Attributes = {
        "cx": x_axis(point.x),
        "cy": y_axis(point.y),
        "r": radius,
        "class": "hollow" if point.hollow else "dot",
    }
    circle = element("circle", attributes, element("title", {}, point.title))
    return element("a", {"href": point.link, "aria-label": point.title}, circle) if point.link else circle


def _labels(points: Sequence[Point], x_axis: Scale, y_axis: Scale) -> list[Markup]:
    placed: list[tuple[float, float]] = []
    shapes = []
    for point in points:
        near_edge = x_axis(point.x) > WIDTH - RIGHT - 40
        x, y = x_axis(point.x) + (-9 if near_edge else 9), y_axis(point.y) + 4
        free = all(abs(x - other_x) > LABEL_WIDTH or abs(y - other_y) > LABEL_HEIGHT for other_x, other_y in placed)
        if point.label and free:
            placed.append((x, y))
            anchor = "end" if near_edge else "start"
            attributes: Attributes = {"class": "label", "x": x, "y": y, "text-anchor": anchor, "aria-hidden": "true"}
            shapes.append(element("text", attributes, point.label))
    return shapes
