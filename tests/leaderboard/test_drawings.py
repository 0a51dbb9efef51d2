from __future__ import annotations

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.documents import Score
from leaderboard.axis import Axis, LogitAxis, logit, percent_of_logit
from leaderboard.interval_plot import WIDTH, interval_plot, shared_axis
from leaderboard.scatter import (
    CROWD,
    LABEL_HEIGHT,
    LABEL_WIDTH,
    NAMED,
    NAMED_IN_A_CROWD,
    PARETO,
    Front,
    Line,
    Point,
    pareto_front,
    scatter,
)
from leaderboard.svg import Scale, element, ticks

HOSTILE = "</title><script>alert(1)</script>\" onload='x' & <"


def test_element_escapes_attributes_and_text_once() -> None:
    drawn = element("text", {"id": HOSTILE}, HOSTILE, element("tspan", {}, "&"))
    parsed = ElementTree.fromstring(str(drawn))
    assert parsed.get("id") == HOSTILE
    assert parsed.text == HOSTILE
    assert parsed[0].text == "&"


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_ticks_are_round_and_inside(low: float, width: float) -> None:
    found = ticks(low, low + width)
    assert 2 <= len(found) <= 12
    assert all(low - 1e-6 * width <= value <= low + width * (1 + 1e-6) for value in found)
    steps = {round(b - a, 9) for a, b in pairwise(found)}
    mantissas = [step / 10 ** math.floor(math.log10(step)) for step in steps]
    assert all(min(abs(m - r) for r in (1, 2, 5, 10)) < 1e-3 for m in mantissas)


def test_scale_maps_a_single_value_to_the_middle() -> None:
    assert Scale(3, 3, 0, 10)(3) == 5
    assert Scale(0, 2, 10, 0)(0.5) == 7.5


def test_scatter_has_a_title_and_a_link_per_point() -> None:
    points = [Point(1, 2, HOSTILE, label="1", link="a.html"), Point(3, 4, "b", hollow=True, y_interval=(3.5, 4.5))]
    drawn = ElementTree.fromstring(str(scatter(points, title=HOSTILE, x_title="x", y_title="y", name="s")))
    assert drawn.findtext("title") == HOSTILE
    assert {drawn.find(f"*[@id='{name}']").tag for name in drawn.get("aria-labelledby", "").split()} == {
        "title",
        "desc",
    }
    circles = list(drawn.iter("circle"))
    assert sorted(circle.findtext("title") or "" for circle in circles) == sorted([HOSTILE, "b"])
    (link,) = drawn.iter("a")
    assert link.get("href") == "a.html"


def test_scatter_of_fewer_than_two_points_is_empty() -> None:
    assert scatter([Point(1, 2, "a")], title="t", x_title="x", y_title="y", name="s") == ""


@pytest.mark.parametrize(("count", "first"), [(CROWD, NAMED), (CROWD + 1500, NAMED_IN_A_CROWD)])
def test_points_beyond_the_first_make_one_shape_in_their_places(count: int, first: int) -> None:
    points = [Point(index % 97, index % 89, str(index)) for index in range(count)]
    drawn = ElementTree.fromstring(str(scatter(points, title="t", x_title="x", y_title="y", name="s")))
    everyone = [Point(point.x, point.y, point.title) for point in points[:first]]
    alone = ElementTree.fromstring(str(scatter(everyone, title="t", x_title="x", y_title="y", name="s")))
    assert len(list(drawn.iter("circle"))) == len(list(alone.iter("circle"))) == first
    (cloud,) = [path for path in drawn.iter("path") if path.get("class") == "cloud"]
    title = cloud.find("title")
    assert title is not None
    assert title.text is not None
    assert title.text.startswith(f"{count - first:,} further rows")
    x, y, found = 0, 0, set()
    for right, down in re.findall(r"m(-?\d+) (-?\d+)h0", cloud.get("d", "")):
        x, y = x + int(right), y + int(down)
        found.add((x, y))
    whole = {(point.x, point.y): None for point in points[first:]}
    named = {circle.findtext("title"): circle for circle in drawn.iter("circle")}
    assert 0.95 * len(whole) < len(found) <= len(whole)
    for point in points[first:]:
        twin = next((other for other in points[:first] if (other.x, other.y) == (point.x, point.y)), None)
        if twin is not None:
            circle = named[twin.title]
            assert (round(float(circle.get("cx", ""))), round(float(circle.get("cy", "")))) in found


def test_labels_touch_neither_dots_nor_labels() -> None:
    crowd = [Point(1 + 0.02 * index, 1 + 0.02 * index, str(index), label=str(index)) for index in range(10)]
    points = [*crowd, Point(3, 3, "far", label="10")]
    drawn = ElementTree.fromstring(str(scatter(points, title="t", x_title="x", y_title="y", name="s")))
    labels = [text for text in drawn.iter("text") if text.get("class") == "label"]
    assert "10" in [text.text for text in labels]
    assert 2 <= len(labels) < len(points)
    places = [(float(text.get("x", "")), float(text.get("y", "")) - 5) for text in labels]
    for index, (x, y) in enumerate(places):
        for other_x, other_y in places[:index]:
            assert abs(x - other_x) > LABEL_WIDTH or abs(y - other_y) > LABEL_HEIGHT
    dots = [(float(circle.get("cx", "")), float(circle.get("cy", ""))) for circle in drawn.iter("circle")]
    for x, y in places:
        touching = [abs(x - at) < LABEL_WIDTH / 2 and abs(y - up) < LABEL_HEIGHT / 2 for at, up in dots]
        assert not any(touching)


def drawn_line(line: Line, points: list[Point], *, logits: bool = True) -> list[tuple[float, float]]:
    axis = LogitAxis if logits else Axis
    svg = scatter(points, title="t", x_title="x", y_title="y", name="s", lines=[line], across=axis, up=axis)
    found = [path for path in ElementTree.fromstring(str(svg)).iter("path") if "line" in path.get("class", "").split()]
    if not found:
        return []
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", found[0].get("d", ""))]


def test_a_point_on_the_frozen_line_is_drawn_on_it() -> None:
    slope, intercept = 0.8393, -0.4715
    points = [Point(x, percent_of_logit(slope * logit(x) + intercept), str(x)) for x in (80.0, 95.0, 97.0)]
    (x1, y1), (x2, y2) = drawn_line(Line(slope, intercept, "fit", "fit"), points)
    svg = ElementTree.fromstring(
        str(scatter(points, title="t", x_title="x", y_title="y", name="s", across=LogitAxis, up=LogitAxis))
    )
    for circle in svg.iter("circle"):
        x, y = float(circle.get("cx", "")), float(circle.get("cy", ""))
        assert y == pytest.approx(y1 + (x - x1) / (x2 - x1) * (y2 - y1), abs=0.3)
    assert y1 > y2  # upwards on the page


def test_a_line_that_misses_the_plot_is_left_out() -> None:
    points = [Point(90, 10, "a"), Point(95, 12, "b")]
    assert drawn_line(Line(1, 0, "diagonal", "diagonal"), points) == []
    assert drawn_line(Line(0, 50, "flat", "fit"), points, logits=False) == []
    assert drawn_line(Line(0, 11, "flat", "fit"), points, logits=False)


def test_no_and_full_accuracy_have_a_place_on_a_logit_axis() -> None:
    drawn = str(
        scatter(
            [Point(0, 0, "a"), Point(100, 100, "b")],
            title="t",
            x_title="x",
            y_title="y",
            name="s",
            across=LogitAxis,
            up=LogitAxis,
        )
    )
    assert "nan" not in drawn
    assert "inf" not in drawn
    assert drawn.count("<circle") == 2


@given(st.floats(0.1, 99.0), st.floats(0.02, 60))
def test_logit_ticks_are_inside_and_readable(low: float, width: float) -> None:
    axis = LogitAxis([low, min(low + width, 99.9)], 0, 500)
    found = axis.ticks()
    bottom, top = axis.ends
    assert 2 <= len(found) <= 16
    assert found == sorted(found)
    assert all(bottom <= value <= top for value in found)
    assert axis(found[0]) < axis(found[-1])


def test_intervals_on_both_axes() -> None:
    points = [Point(90, 80, "a", x_interval=(89, 91), y_interval=(78, 82)), Point(95, 85, "b")]
    drawn = ElementTree.fromstring(
        str(scatter(points, title="t", x_title="x", y_title="y", name="s", across=LogitAxis, up=LogitAxis))
    )
    paths = [path.get("d", "") for path in drawn.iter("path") if path.get("class") == "whisker"]
    assert sorted("H" in path for path in paths) == [False, True]


def test_scatter_survives_equal_points() -> None:
    drawn = str(scatter([Point(5, 5, "a"), Point(5, 5, "b")], title="t", x_title="x", y_title="y", name="s"))
    assert "nan" not in drawn
    assert drawn.count("<circle") == 2


def test_interval_stays_on_its_axis() -> None:
    scores = [
        Score(value=0.5, lower=0.4, upper=0.6, covers="test images", confidence=0.95),
        Score(value=0.9),
        None,
    ]
    axis = shared_axis(scores)
    assert axis is not None
    assert [round(axis(value)) for value in (0.4, 0.9)] == [4, WIDTH - 4]
    assert interval_plot(None, axis) == ""
    assert "whisker" in interval_plot(scores[0], axis)
    assert "whisker" not in interval_plot(scores[1], axis)
    assert shared_axis([None]) is None


def test_runs_and_the_band_of_chance_are_drawn_on_the_axis() -> None:
    score = Score(value=0.5, lower=0.45, upper=0.55, covers="both", confidence=0.95)
    axis = shared_axis([score], [(0.3, 0.7)])
    drawn = ElementTree.fromstring(str(interval_plot(score, axis, (0.3, 0.5, 0.7), (0.4, 0.6))))
    runs = [path.get("d", "") for path in drawn.iter("path") if path.get("class") == "run"]
    assert [float(run[1:].split()[0]) for run in runs] == [4, WIDTH / 2, WIDTH - 4]
    (band,) = drawn.iter("rect")
    assert float(band.get("width", "")) == pytest.approx((WIDTH - 8) / 2)
    assert float(band.get("x", "")) + float(band.get("width", "")) / 2 == pytest.approx(WIDTH / 2)


def test_bad_tick_range() -> None:
    assert ticks(2, 2) == [2]
    assert ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])


def test_pareto_front_against_every_pair() -> None:
    generator = np.random.default_rng(0)
    values = generator.integers(0, 12, (60, 2))
    points = [Point(float(x), float(y), f"{index}", hollow=index % 5 == 0) for index, (x, y) in enumerate(values)]
    full = [point for point in points if not point.hollow]

    def beaten(point: Point) -> bool:
        return any(
            other.x >= point.x and other.y >= point.y and (other.x, other.y) != (point.x, point.y) for other in full
        )

    front = pareto_front(points)
    assert {(point.x, point.y) for point in front} == {(point.x, point.y) for point in full if not beaten(point)}
    assert [point.x for point in front] == sorted({point.x for point in front})
    assert pareto_front([]) == []


def test_pareto_line_is_drawn_where_asked() -> None:
    points = [Point(1, 3, "a"), Point(2, 2, "b"), Point(3, 1, "c"), Point(1.5, 1.5, "d")]
    frame = {"title": "t", "x_title": "x", "y_title": "y", "name": "n"}
    drawn = scatter(points, front=PARETO, **frame)
    assert drawn.count('class="line pareto"') == 1
    assert "Pareto line" in drawn
    assert "pareto" not in scatter(points, **frame)
    assert "pareto" not in scatter([points[0], Point(0.5, 0.5, "e")], front=PARETO, **frame)


@pytest.mark.parametrize(
    ("less_across", "less_up", "expected"),
    [(False, False, "bc"), (True, False, "ab"), (False, True, "dc"), (True, True, "ad")],
)
def test_the_front_of_each_corner(less_across: bool, less_up: bool, expected: str) -> None:
    points = [Point(1, 2, "a"), Point(2, 3, "b"), Point(3, 2, "c"), Point(2, 1, "d"), Point(2, 2, "e")]
    front = Front("Front", less_across=less_across, less_up=less_up)
    assert "".join(point.title for point in pareto_front(points, front)) == expected
    drawn = ElementTree.fromstring(str(scatter(points, title="t", x_title="x", y_title="y", name="s", front=front)))
    (path,) = [path for path in drawn.iter("path") if "pareto" in (path.get("class") or "")]
    across = [float(x) for x in re.findall(r"[MH]([\d.]+)", path.get("d", ""))]
    places = {circle.findtext("title"): float(circle.get("cx", "")) for circle in drawn.iter("circle")}
    assert across == pytest.approx([places[name] for name in expected], abs=0.06)


def test_what_was_best_stays_best_to_the_last_dot() -> None:
    points = [Point(1, 3, "a"), Point(5, 2, "b")]
    front = Front("Front", less_across=True, onwards=True)
    drawn = ElementTree.fromstring(str(scatter(points, title="t", x_title="x", y_title="y", name="s", front=front)))
    (path,) = [path for path in drawn.iter("path") if "pareto" in (path.get("class") or "")]
    (last,) = [circle for circle in drawn.iter("circle") if circle.findtext("title") == "b"]
    assert float(path.get("d", "").rpartition("H")[2]) == pytest.approx(float(last.get("cx", "")), abs=0.06)
