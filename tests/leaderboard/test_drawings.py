from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.documents import Score
from leaderboard.interval_plot import WIDTH, interval_plot, shared_axis
from leaderboard.scatter import Point, scatter
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


def test_labels_that_would_overlap_are_left_out() -> None:
    points = [Point(1, 1, "a", label="1"), Point(1.001, 1.001, "b", label="2"), Point(9, 9, "c", label="3")]
    drawn = ElementTree.fromstring(str(scatter(points, title="t", x_title="x", y_title="y", name="s")))
    assert [text.text for text in drawn.iter("text") if text.get("class") == "label"] == ["1", "3"]


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


def test_bad_tick_range() -> None:
    assert ticks(2, 2) == [2]
    assert ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
