"""The anchored mean: direction, missing tasks, and independence of other rows."""

from __future__ import annotations

import math

import pytest

from benchmark.statistics import Anchors, anchored, anchored_mean

BUNDLE = {"a": Anchors(0.1, 0.9), "b": Anchors(0.5, 1.0)}


def test_anchors_map_to_0_and_1() -> None:
    assert anchored(0.1, BUNDLE["a"]) == 0
    assert anchored(0.9, BUNDLE["a"]) == 1
    assert anchored(0.5, BUNDLE["a"]) == pytest.approx(0.5)


def test_not_clipped_and_lower_may_be_better() -> None:
    assert anchored(0.3, BUNDLE["b"]) < 0
    assert anchored(0.95, BUNDLE["a"]) > 1
    assert anchored(76.4, Anchors(100, 0)) == pytest.approx(0.236)


def test_mean_over_the_bundle() -> None:
    result = anchored_mean({"a": 0.5, "b": 0.75}, BUNDLE)
    assert result.value == pytest.approx(0.5)
    assert result.missing == ()
    assert result.parts == pytest.approx({"a": 0.5, "b": 0.5})


@pytest.mark.parametrize("scores", [{"a": 0.9}, {"a": 0.9, "b": None}, {"a": 0.9, "b": math.nan}])
def test_a_missing_task_gives_no_aggregate_and_its_name(scores: dict[str, float | None]) -> None:
    result = anchored_mean(scores, BUNDLE)
    assert result.value is None
    assert result.missing == ("b",)
    assert result.parts == {"a": pytest.approx(1)}


def test_what_cannot_be_aggregated_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        anchored_mean({}, {})
    with pytest.raises(ValueError, match="but got c"):
        anchored_mean({"c": 0.5}, BUNDLE)
    with pytest.raises(ValueError, match="anchors"):
        anchored(0.5, Anchors(0.2, 0.2))
    with pytest.raises(ValueError, match="anchors"):
        anchored(0.5, Anchors(math.nan, 0.2))
    with pytest.raises(ValueError, match="score"):
        anchored(math.inf, BUNDLE["a"])
