"""Axes of bytes and of days: where values lie, and which round ones stand beside them."""

from __future__ import annotations

import datetime
import math
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leaderboard.axis import MOST_BYTE_TICKS, ByteAxis, DayAxis

SPAN = 500.0


def day(text: str) -> int:
    return datetime.date.fromisoformat(text).toordinal()


def test_equal_factors_are_equal_steps_of_bytes() -> None:
    axis = ByteAxis([1_000, 100_000], 0, SPAN)
    assert axis(10_000) == pytest.approx(SPAN / 2)
    assert axis(20_000) - axis(10_000) == pytest.approx(axis(2_000) - axis(1_000))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((8_000, 120_000), ["10 kB", "20 kB", "50 kB", "100 kB"]),
        ((500, 2_000_000), ["1 kB", "10 kB", "100 kB", "1 MB"]),
        ((400, 1_500), ["500 B", "1 kB"]),
        ((2e9, 4e10), ["2 GB", "5 GB", "10 GB", "20 GB"]),
    ],
)
def test_ticks_of_bytes_are_written_in_their_unit(values: tuple[float, float], expected: list[str]) -> None:
    axis = ByteAxis(values, 0, SPAN)
    assert [axis.written(tick) for tick in axis.ticks()] == expected


@given(st.floats(0, 17.5), st.one_of(st.floats(0, 17), st.floats(0, 1e-6)))
@example(0.0, 2.220446049250313e-16)
@example(17.5, 1e-8)
def test_ticks_of_bytes_are_inside_and_few(low: float, decades: float) -> None:
    axis = ByteAxis([10**low, 10 ** min(low + decades, 18)], 0, SPAN)
    found = axis.ticks()
    bottom, top = axis.ends
    assert 2 <= len(found) <= MOST_BYTE_TICKS
    assert all(bottom * (1 - 1e-9) <= tick <= top * (1 + 1e-9) for tick in found)
    assert all(a < b for a, b in pairwise(found))


@pytest.mark.parametrize("value", [0.0, -5.0, 1e308])
def test_sizes_that_nothing_has_are_drawn_at_the_ends(value: float) -> None:
    axis = ByteAxis([value, 1_000], 0, SPAN)
    assert math.isfinite(axis(value))
    assert all(math.isfinite(tick) for tick in axis.ticks())


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-11-21", "2026-11-22", ["2026-11-21", "2026-11-22"]),
        ("2025-12-20", "2026-03-15", ["2026-01-01", "2026-02-01", "2026-03-01"]),
        ("2025-02-20", "2026-02-15", ["2025-04-01", "2025-07-01", "2025-10-01", "2026-01-01"]),
        ("2001-05-05", "2031-05-05", ["2000-01-01", "2020-01-01"]),
    ],
)
def test_dates_are_days_months_or_years(first: str, last: str, expected: list[str]) -> None:
    axis = DayAxis([day(first), day(last)], 0, SPAN)
    assert [axis.written(tick) for tick in axis.ticks()] == expected


@given(st.dates(), st.dates())
def test_dates_are_inside_few_and_whole_days(one: datetime.date, other: datetime.date) -> None:
    axis = DayAxis([one.toordinal(), other.toordinal()], 0, SPAN)
    found = axis.ticks()
    assert 1 <= len(found) <= 6
    assert all(0 <= axis(tick) <= SPAN for tick in found)
    assert all(tick == round(tick) for tick in found)
    assert all(datetime.date.fromisoformat(axis.written(tick)).toordinal() == tick for tick in found)
