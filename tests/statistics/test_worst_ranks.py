"""Rank intervals of worst groups: against plain loops, and what must and must not be told apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.statistics import rank_intervals
from benchmark.statistics.worst_ranks import worst_group_rank_intervals


def rows_of(accuracies: np.ndarray, images: int, seed: int, shared: float = 0.7) -> np.ndarray:
    """int (M, G, N): groups take turns over the images, weight G folded in; hard images are hard for all rows."""
    rng = np.random.default_rng(seed)
    m, groups = accuracies.shape
    group = np.arange(images) % groups
    luck = math.sqrt(shared) * rng.normal(size=images) + math.sqrt(1 - shared) * rng.normal(size=(m, images))
    uniform = 0.5 * (1 + np.vectorize(math.erf)(luck / math.sqrt(2)))
    right = uniform < accuracies[:, group]
    return np.where(group == np.arange(groups)[:, None], right[:, None, :] * groups, 0)


def test_one_group_is_the_plain_ranking() -> None:
    rows = rows_of(np.array([[0.9], [0.8], [0.85], [0.5]]), 800, 0)
    found, plain = worst_group_rank_intervals(rows), rank_intervals(rows[:, 0])
    for field in ("rank", "lower", "upper"):
        assert getattr(found, field).tolist() == getattr(plain, field).tolist()
    assert found.critical_value == plain.critical_value
    assert found.tied_with == plain.tied_with
    assert found.smallest_separable_difference == pytest.approx(plain.smallest_separable_difference)


def brute(rows: np.ndarray, critical: float) -> np.ndarray:
    """Whether row i is better than row j, pair of groups by pair of groups: bool (M, M)."""
    m = len(rows)

    def ahead(first: np.ndarray, second: np.ndarray) -> bool:
        difference = first - second
        far = difference.sum() > critical * math.sqrt((difference**2).sum())
        return bool(far and np.count_nonzero(difference) >= 6)

    better = np.zeros((m, m), dtype=bool)
    for i in range(m):
        for j in set(range(m)) - {i}:
            better[i, j] = all(any(ahead(own, other) for other in rows[j]) for own in rows[i])
    return better


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_plain_loops_agree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rows_of(rng.uniform(0.3, 1, (5, 3)), 240, seed)
    rows[4] = rows[int(rng.integers(4))]  # a copy
    found = worst_group_rank_intervals(rows, resamples=50)
    better = brute(rows, found.critical_value)
    assert found.lower.tolist() == (1 + better.sum(axis=0)).tolist()
    assert found.upper.tolist() == (5 - better.sum(axis=1)).tolist()
    lowest = rows.sum(axis=2).min(axis=1)
    assert found.rank.tolist() == [1 + int((lowest > own).sum()) for own in lowest]
    assert (found.lower <= found.rank).all()
    assert (found.rank <= found.upper).all()
    assert found.tied_with == [
        [j for j in range(5) if j != i and not better[i, j] and not better[j, i]] for i in range(5)
    ]


def test_a_row_ahead_in_every_group_is_better_though_its_low_group_is_below_the_others_high_one() -> None:
    rows = rows_of(np.array([[0.97, 0.80], [0.90, 0.68]]), 6000, 1)
    found = worst_group_rank_intervals(rows)
    assert found.lower.tolist() == [1, 2]
    assert found.upper.tolist() == [1, 2]
    assert found.tied_with == [[], []]


def test_one_equal_group_is_enough_for_a_tie() -> None:
    """The better mean over all images does not count, and neither does a better group that is not the lowest."""
    rows = rows_of(np.array([[0.99, 0.7], [0.80, 0.7]]), 6000, 2)
    found = worst_group_rank_intervals(rows)
    assert found.tied_with == [[1], [0]]
    assert found.upper.tolist() == [2, 2]
    assert rank_intervals(rows.sum(axis=1)).tied_with == [[], []]


def test_another_group_may_be_the_worst_one() -> None:
    rows = rows_of(np.array([[0.95, 0.6], [0.5, 0.95]]), 6000, 3)
    found = worst_group_rank_intervals(rows)
    assert found.rank.tolist() == [1, 2]
    # The first row's low group must beat the second row's low group on other images, and so it does.
    assert found.upper[0] == 1


def test_weights_as_floats_and_as_integers_agree() -> None:
    rows = rows_of(np.array([[0.9, 0.8], [0.8, 0.7], [0.82, 0.69]]), 900, 4)
    whole, shares = worst_group_rank_intervals(rows), worst_group_rank_intervals(rows / 1000)
    assert whole.lower.tolist() == shares.lower.tolist()
    assert whole.critical_value == pytest.approx(shares.critical_value)
    assert whole.smallest_separable_difference == pytest.approx(1000 * shares.smallest_separable_difference)


def test_order_of_rows_and_of_groups_does_not_matter() -> None:
    rows = rows_of(np.array([[0.9, 0.8, 0.99], [0.8, 0.7, 0.6], [0.82, 0.69, 0.9]]), 900, 5)
    first, turned = worst_group_rank_intervals(rows), worst_group_rank_intervals(rows[::-1, ::-1])
    assert first.lower.tolist() == turned.lower[::-1].tolist()
    assert first.upper.tolist() == turned.upper[::-1].tolist()


def test_many_means_take_the_closed_form() -> None:
    rows = rows_of(np.linspace(0.3, 0.95, 60)[:, None] + np.zeros(20), 1200, 6)
    found = worst_group_rank_intervals(rows)
    assert found.method == "closed form"
    means = len(np.unique(rows.reshape(1200, -1), axis=0))
    assert means > 1000
    assert found.critical_value == pytest.approx(-stats.norm.ppf(0.025 / (means * (means - 1) / 2)), abs=1e-9)


def test_nothing_and_one_row() -> None:
    empty = worst_group_rank_intervals(np.zeros((0, 3, 10), int))
    assert empty.rank.tolist() == []
    alone = worst_group_rank_intervals(np.ones((1, 3, 10), int))
    assert (alone.rank.tolist(), alone.lower.tolist(), alone.upper.tolist()) == ([1], [1], [1])
    assert math.isnan(alone.smallest_separable_difference)
    constant = worst_group_rank_intervals(np.zeros((3, 2, 10), int))
    assert constant.rank.tolist() == [1, 1, 1]
    assert constant.upper.tolist() == [3, 3, 3]


@pytest.mark.parametrize(
    ("scores", "options", "reason"),
    [
        (np.zeros((2, 10)), {}, "rows by groups by images"),
        (np.zeros((2, 0, 10)), {}, "at least one group"),
        (np.full((2, 2, 10), math.nan), {}, "NaN"),
        (np.zeros((2, 2, 10)), {"confidence": 95}, "confidence"),
        (np.zeros((2, 2, 10)), {"resamples": 0}, "resamples"),
    ],
)
def test_refusals(scores: np.ndarray, options: dict[str, float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        worst_group_rank_intervals(scores, **options)


GRID = {
    "all equal": np.full((6, 4), 0.85),
    "equal rows, unlike groups": np.tile([0.75, 0.85, 0.9, 0.95], (6, 1)),
    "another group is the worst": 0.8 + 0.1 * ((np.arange(6)[:, None] + np.arange(4)) % 4 != 0),
    "a ladder": np.linspace(0.6, 0.9, 6)[:, None] + np.array([0, 0.03, 0.05, 0.08]),
    "near one": np.linspace(0.96, 0.99, 6)[:, None] + np.zeros(4),
}


@pytest.mark.slow
@pytest.mark.parametrize("images", [400, 4000])
@pytest.mark.parametrize("name", GRID)
def test_all_ranks_are_inside_at_once(name: str, images: int) -> None:
    """250 trials: Monte-Carlo error .014 at .95."""
    accuracies, trials = GRID[name], 250
    lowest = accuracies.min(axis=1)
    best = 1 + (lowest > lowest[:, None] + 1e-12).sum(axis=1)
    worst = len(lowest) - (lowest < lowest[:, None] - 1e-12).sum(axis=1)
    hits, certain = 0, 0
    for trial in range(trials):
        found = worst_group_rank_intervals(rows_of(accuracies, images, 100 + trial), resamples=200)
        hits += bool((found.lower <= best).all() and (found.upper >= worst).all())
        certain += int((found.upper - found.lower < 5).sum())
    print(f"{name}, {images} images: joint coverage {hits / trials:.3f}, rows told apart {certain / trials / 6:.2f}")
    assert hits / trials >= 0.92
    if name == "a ladder" and images == 4000:
        assert certain / trials / 6 > 0.5
