from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.folding import fold


def changed(row: np.ndarray, images: int) -> np.ndarray:
    """A copy that differs on the last `images` images."""
    copy = row.copy()
    copy[len(copy) - images :] += 1
    return copy


BASE = np.random.default_rng(0).integers(0, 100, 1000)


@pytest.mark.parametrize(("different", "folds"), [(0, True), (4, True), (5, False), (6, False)])
def test_more_than_995_of_1000_decisions(different: int, folds: bool) -> None:
    _, second = fold([BASE, changed(BASE, different)])
    assert (second == (0, 1 - different / 1000)) if folds else (second is None)


def test_older_row_stands_and_chains_do_not_form() -> None:
    rows = [BASE, changed(BASE, 4), changed(BASE, 8)]  # the third is near the second, not near the first
    assert fold(rows) == [None, (0, pytest.approx(0.996)), None]


def test_nearest_standing_row_is_named() -> None:
    rows = [BASE, changed(BASE, 8), changed(BASE, 5)]
    assert fold(rows) == [None, None, (1, pytest.approx(0.997))]


def test_no_rows_and_no_images() -> None:
    assert fold([]) == []
    empty = np.zeros(0, dtype=np.int64)
    assert fold([empty, empty]) == [None, None]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 900), st.integers(0, 2**32 - 1))
def test_equals_all_pairs_by_hand(count: int, images: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    first = generator.integers(0, 3, images)
    rows = [
        np.where(generator.random(images) < generator.choice([0, 0.003, 0.01, 0.5]), 7, first) for _ in range(count)
    ]
    expected: list[tuple[int, float] | None] = []
    for index, row in enumerate(rows):
        standing = [other for other in range(index) if expected[other] is None]
        near = [(int((row == rows[other]).sum()), -other) for other in standing]
        near = [pair for pair in near if 1000 * pair[0] > 995 * images]
        best = max(near, default=None)
        expected.append(None if best is None else (-best[1], pytest.approx(best[0] / images)))
    assert fold(rows) == expected
