from __future__ import annotations

import pytest

from benchmark.documents import Metric, Score
from leaderboard.numbers import byte_count, decimals, first_and_last, number, plain, ranges, show


def metric(unit: str) -> Metric:
    return Metric.model_validate(
        {"name": "m", "title": "M", "description": "d", "unit": unit, "higher_is_better": True}
    )


def score(value: float, half: float | None = None) -> Score:
    if half is None:
        return Score(value=value)
    return Score(value=value, lower=value - half, upper=value + half, covers="test images", confidence=0.95)


def test_shares_are_percentages_with_their_interval() -> None:
    assert show(metric("share"), score(0.713, 0.007), 1).text == "71.3 [70.6, 72.0]"
    assert show(metric("percent"), score(71.3), 2).text == "71.30"


def test_missing_is_a_dash_and_zero_is_zero() -> None:
    assert show(metric("share"), None, 2).text == "\N{EN DASH}"
    assert show(metric("share"), score(0.0, 0.0), 2).text == "0.00 [0.00, 0.00]"


@pytest.mark.parametrize(
    ("scores", "digits"),
    [
        ([score(0.9, 0.0054)], 2),
        ([score(0.9, 0.0104)], 1),
        ([score(0.9, 0.0104), score(0.9, 0.002)], 2),
        ([score(0.9), None], 2),
        ([], 2),
    ],
)
def test_decimals_follow_the_width(scores: list[Score | None], digits: int) -> None:
    assert decimals(metric("share"), scores) == digits


def test_the_smallest_p_value_is_not_shown_as_zero() -> None:
    """A thousand permutations of which none was as extreme."""
    least = 1 / 1001
    digits = decimals(metric("ratio"), [score(0.52), None, score(least)])
    assert show(metric("ratio"), score(least), digits).text == "0.001"
    assert show(metric("ratio"), score(0.52), digits).text == "0.520"
    assert decimals(metric("ratio"), [score(0.52), score(0.005), score(0.0)]) == 2
    assert decimals(metric("share"), [score(0.00004)]) == 3
    assert decimals(metric("share"), [score(0.00004), score(0.5, 0.002)]) == 2, "an interval says what digits mean"


def test_counts_have_no_decimals() -> None:
    assert decimals(metric("count"), [score(3, 1)]) == 0
    assert number(12345, metric("count"), 0) == "12,345"


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.004, "0.00"), (-1.5, "\N{MINUS SIGN}1.50"), (1234.5, "1,234.50"), (-0.006, "\N{MINUS SIGN}0.01")],
)
def test_plain(value: float, text: str) -> None:
    assert plain(value, 2) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (31400, "31.4 kB"), (5.4e9, "5.4 GB"), (5e12, "5,000.0 GB")]
)
def test_byte_count(size: float, text: str) -> None:
    assert byte_count(size) == text


def test_ranges() -> None:
    assert ranges([4, 2, 3, 7, 2]) == "2\N{EN DASH}4, 7"
    assert ranges([]) == ""
    assert ranges([5]) == "5"


def test_ends_of_ranges() -> None:
    assert first_and_last([4, 2, 3, 7, 2]) == [(2, 4), (7, 7)]
    assert first_and_last([]) == []
