"""Two numbers of each row against each other, one dot a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from leaderboard.axis import Axis
from leaderboard.svg import Attributes, element, titled_drawing

WIDTH, HEIGHT = 640.0, 400.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 14.0, 14.0, 46.0
LABELLED = 12
"""So many of the first points carry their label beside them, where it does not touch an earlier label."""
LABEL_WIDTH, LABEL_HEIGHT = 20.0, 15.0
LABEL_SPOTS = ((16.0, 0.0), (-14.0, -10.0), (-16.0, 0.0), (14.0, 10.0), (0.0, -15.0), (0.0, 15.0))
"""Where a label may stand from its dot, the best first."""
CROWDED = 150
"""More points than this are drawn small."""
NAMED = 500
"""So many of the first points have whiskers, a title and a link each. Further ones make one shape: with ten thousand
titles the drawing would be larger than the table beside it."""
CROWD, NAMED_IN_A_CROWD = 1000, 50
"""More points than this leave names to fewer: 500 links took longer to lay out than the rest of a page of 10,000 rows
(`scripts/bench/board_browser`)."""


@dataclass(frozen=True)
class Point:
    """A dot at (x, y), both in the unit shown; `link` leads to its page, `label` stands beside it."""

    x: float
    y: float
    title: str
    label: str = ""
    link: str | None = None
    hollow: bool = False
    x_interval: tuple[float, float] | None = None
    y_interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Line:
    """A straight line between the scales that the axes draw evenly: y = slope * x + intercept, in values or logits."""

    slope: float
    intercept: float
    title: str
    kind: Literal["fit", "diagonal"]


@dataclass(frozen=True)
class Front:
    """Which way each axis gets better, for a line that joins the full dots that no other full dot beats."""

    title: str
    less_across: bool = False
    """Whether less is better from left to right: fewer bytes, earlier days."""
    less_up: bool = False
    onwards: bool = False
    """Whether the line goes on to the last dot: what was best stays best until something beats it."""

    def sign_across(self) -> int:
        return -1 if self.less_across else 1

    def sign_up(self) -> int:
        return -1 if self.less_up else 1


PARETO = Front("Pareto line: no full dot beats one of its corners on both axes")
"""Where higher is better on both axes."""


@dataclass(frozen=True)
class Plane:
    """The two axes of a plot."""

    x: Axis
    y: Axis
    x_title: str
    y_title: str


def scatter(
    points: Sequence[Point],
    *,
    title: str,
    x_title: str,
    y_title: str,
    name: str,
    lines: Sequence[Line] = (),
    front: Front | None = None,
    across: type[Axis] = Axis,
    up: type[Axis] = Axis,
) -> Markup:
    """The plot as one `<svg>` with a title and a description; empty for fewer than two points.

    `front`: join the full dots that no other full dot beats on both axes. `name` is unique in the page: it makes the
    ids that tie the title to the drawing. `across`, `up`: how the axes spread their values; `lines` are straight
    between the scales that they draw evenly, so between log odds for two logit axes.
    """
    if len(points) < 2:
        return Markup("")
    plane = Plane(
        across(_extent(points, "x"), LEFT, WIDTH - RIGHT),
        up(_extent(points, "y"), HEIGHT - BOTTOM, TOP),
        x_title,
        y_title,
    )
    named = NAMED if len(points) <= CROWD else NAMED_IN_A_CROWD
    description = f"{len(points)} rows; {x_title} from left to right, {y_title} from bottom to top."
    return titled_drawing(
        "scatter",
        WIDTH,
        HEIGHT,
        name,
        title,
        " ".join([description, *(f"{line.title}." for line in lines)]),
        *_grid(plane),
        *(_line(line, plane) for line in lines),
        *(_front(points, plane, front) if front else ()),
        *_cloud(points[named:], plane),
        *(whisker for point in points[:named] for whisker in _whiskers(point, plane)),
        *(_dot(point, plane, radius=5 if len(points) <= CROWDED else 3) for point in reversed(points[:named])),
        *_labels(points, plane),
    )


def _extent(points: Sequence[Point], axis: Literal["x", "y"]) -> list[float]:
    """All values of the points on an axis, the ends of their intervals too."""
    values = [getattr(point, axis) for point in points]
    return values + [end for point in points for end in getattr(point, f"{axis}_interval") or ()]


def _grid(plane: Plane) -> list[Markup]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    shapes = []
    for value in plane.x.ticks():
        x = plane.x(value)
        shapes.append(element("path", {"class": "grid", "d": f"M{x:.1f} {TOP:g}V{bottom:g}"}))
        shapes.append(element("text", {"x": x, "y": bottom + 18, "text-anchor": "middle"}, plane.x.written(value)))
    for value in plane.y.ticks():
        y = plane.y(value)
        shapes.append(element("path", {"class": "grid", "d": f"M{LEFT:g} {y:.1f}H{right:g}"}))
        shapes.append(element("text", {"x": LEFT - 8, "y": y + 4, "text-anchor": "end"}, plane.y.written(value)))
    middle = (LEFT + right) / 2
    across: Attributes = {"class": "axis-title", "x": middle, "y": HEIGHT - 6, "text-anchor": "middle"}
    centre = (TOP + bottom) / 2
    up: Attributes = {
        "class": "axis-title",
        "transform": f"translate(14 {centre:g}) rotate(-90)",
        "text-anchor": "middle",
    }
    return [*shapes, element("text", across, plane.x_title), element("text", up, plane.y_title)]


def _line(line: Line, plane: Plane) -> Markup:
    """The part of a line that lies inside the axes; nothing where it passes them by."""
    x, y = plane.x.scale, plane.y.scale
    ends = [x.low, x.high]
    if line.slope:
        at_edges = sorted((edge - line.intercept) / line.slope for edge in (y.low, y.high))
        ends = [max(x.low, at_edges[0]), min(x.high, at_edges[1])]
    elif not y.low <= line.intercept <= y.high:
        return Markup("")
    if ends[0] >= ends[1]:
        return Markup("")
    drawn = " L".join(f"{x(end):.1f} {y(line.slope * end + line.intercept):.1f}" for end in ends)
    return element("path", {"class": f"line {line.kind}", "d": f"M{drawn}"}, element("title", {}, line.title))


def pareto_front(points: Sequence[Point], front: Front = PARETO) -> list[Point]:
    """The full dots that no other full dot equals or beats on both axes and beats on one, from left to right."""
    right, upwards = front.sign_across(), front.sign_up()
    best: list[Point] = []
    for point in sorted(
        (point for point in points if not point.hollow), key=lambda point: (-right * point.x, -upwards * point.y)
    ):
        if not best or upwards * point.y > upwards * best[-1].y:
            best.append(point)
    return sorted(best, key=lambda point: point.x)


def _front(points: Sequence[Point], plane: Plane, front: Front) -> list[Markup]:
    """Steps between the dots of the front: all on the worse side of the line is beaten by some dot."""
    corners = [(plane.x(point.x), plane.y(point.y)) for point in pareto_front(points, front)]
    last = max((plane.x(point.x) for point in points), default=0.0)
    if not corners or (len(corners) < 2 and not (front.onwards and last > corners[0][0])):
        return []
    # Less is better across: what a dot reached holds to its right, until the next one. Otherwise it holds to its left.
    steps = "".join(f"H{x:.1f}V{y:.1f}" if front.less_across else f"V{y:.1f}H{x:.1f}" for x, y in corners[1:])
    end = f"H{last:.1f}" if front.onwards else ""
    path = f"M{corners[0][0]:.1f} {corners[0][1]:.1f}{steps}{end}"
    return [element("path", {"class": "line pareto", "d": path}, element("title", {}, front.title))]


def _whiskers(point: Point, plane: Plane) -> list[Markup]:
    x, y = plane.x(point.x), plane.y(point.y)
    paths = []
    if point.y_interval:
        low, high = point.y_interval
        paths.append(f"M{x:.1f} {plane.y(low):.1f}V{plane.y(high):.1f}")
    if point.x_interval:
        low, high = point.x_interval
        paths.append(f"M{plane.x(low):.1f} {y:.1f}H{plane.x(high):.1f}")
    return [element("path", {"class": "whisker", "d": path}) for path in paths]


def _cloud(points: Sequence[Point], plane: Plane) -> list[Markup]:
    """All of them as one shape, each at its nearest whole pixel; points that fall together are drawn once."""
    if not points:
        return []
    steps, at = [], (0, 0)
    for x, y in sorted({(round(plane.x(point.x)), round(plane.y(point.y))) for point in points}):
        steps.append(f"m{x - at[0]} {y - at[1]}h0")
        at = (x, y)
    title = f"{len(points):,} further rows, too many to be named one by one here; the table names them."
    return [element("path", {"class": "cloud", "d": "".join(steps)}, element("title", {}, title))]


def _dot(point: Point, plane: Plane, radius: int) -> Markup:
    attributes: Attributes = {
        "cx": plane.x(point.x),
        "cy": plane.y(point.y),
        "r": radius,
        "class": "hollow" if point.hollow else "dot",
    }
    circle = element("circle", attributes, element("title", {}, point.title))
    return element("a", {"href": point.link, "aria-label": point.title}, circle) if point.link else circle


def _labels(points: Sequence[Point], plane: Plane) -> list[Markup]:
    """Labels beside their dots, where one touches neither another dot nor an earlier label."""
    dots = [(plane.x(point.x), plane.y(point.y)) for point in points]
    placed: list[tuple[float, float]] = []
    shapes = []
    for index, (point, (x, y)) in enumerate(zip(points[:LABELLED], dots, strict=False)):
        if not point.label:
            continue
        others = [*dots[:index], *dots[index + 1 :]]
        spot = next((spot for spot in LABEL_SPOTS if _free(x + spot[0], y + spot[1], others, placed)), None)
        if spot is not None:
            placed.append((x + spot[0], y + spot[1]))
            attributes: Attributes = {
                "class": "label",
                "x": x + spot[0],
                "y": y + spot[1] + 5,
                "text-anchor": "middle",
                "aria-hidden": "true",
            }
            shapes.append(element("text", attributes, point.label))
    return shapes


def _free(x: float, y: float, dots: Sequence[tuple[float, float]], labels: Sequence[tuple[float, float]]) -> bool:
    """Whether a label around (x, y) stays inside the axes and touches no dot and no label."""
    inside = LEFT < x < WIDTH - RIGHT - LABEL_WIDTH / 2 and TOP < y < HEIGHT - BOTTOM
    no_dot = all(abs(x - at) > LABEL_WIDTH / 2 + 3 or abs(y - up) > LABEL_HEIGHT / 2 + 3 for at, up in dots)
    return inside and no_dot and all(abs(x - at) > LABEL_WIDTH or abs(y - up) > LABEL_HEIGHT for at, up in labels)
