"""The anchored mean: direction, missing tasks, and independence of other rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmark.statistics import Anchors, anchored, anchored_mean, sum_of_means_interval

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


def test_interval_of_one_block_is_students_and_of_none_is_unknown() -> None:
    values = np.random.default_rng(0).normal(3, 2, 40)
    found = sum_of_means_interval([values])
    expected = stats.t.interval(0.95, 39, values.mean(), stats.sem(values))
    assert (found.lower, found.upper) == pytest.approx(expected)
    for blocks in ([], [[1.0]], [[1.0, 2.0], [3.0]]):
        assert math.isnan(sum_of_means_interval(blocks).lower)
    assert tuple(sum_of_means_interval([[2.0, 2.0], [1.0, 1.0]])) == (3.0, 3.0)
    with pytest.raises(ValueError, match="NaN"):
        sum_of_means_interval([[1.0, math.nan]])


def test_interval_of_two_blocks_covers_the_sum() -> None:
    """Blocks of unlike sizes and spreads, one of them skewed; 2,000 trials, Monte-Carlo error .005."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):
        blocks = [rng.normal(1, 3, 60), rng.exponential(2, 200)]
        covered += sum_of_means_interval(blocks).contains(3.0)
    assert covered / 2000 == pytest.approx(0.95, abs=0.015)


def test_two_blocks_are_no_shorter_than_one_that_counts_images_twice() -> None:
    """Two tasks on the same images: summed by image they go together, as independent blocks they would look surer."""
    shared = np.random.default_rng(2).random(500)
    together = sum_of_means_interval([shared + shared])
    apart = sum_of_means_interval([shared, shared])
    assert together.upper - together.lower == pytest.approx(math.sqrt(2) * (apart.upper - apart.lower), rel=0.01)
