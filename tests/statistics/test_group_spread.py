"""The permutation test of MacroStd and the interval of FairStd: exact cases, level, sameness, coverage."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from benchmark.metrics import GroupCells, fair_std, group_cells, macro_std
from benchmark.statistics import Interval, fair_std_interval, macro_std_test
from benchmark.statistics.group_spread import permuted_right

Answers = tuple[np.ndarray, np.ndarray, np.ndarray]


def answers(rng: np.random.Generator, sizes: np.ndarray, accuracies: np.ndarray) -> Answers:
    """Answers, labels and groups of cells with these sizes and true accuracies, (classes, groups)."""
    labels, groups = (np.repeat(index.ravel(), sizes.ravel()) for index in np.indices(sizes.shape))
    return rng.random(len(labels)) < accuracies[labels, groups], labels, groups


def test_permutations_keep_sizes_and_right_answers() -> None:
    cells = GroupCells(np.array([[5, 0, 7], [100, 3, 1]]), np.array([[4, 0, 1], [60, 1, 1]]))
    right = permuted_right(cells, 500, 0)
    assert (right.sum(axis=2) == cells.right.sum(axis=1)).all()
    assert ((right >= 0) & (right <= cells.images)).all()
    assert right[:, 0].std(axis=0)[0] > 0


def test_permutations_are_hypergeometric() -> None:
    from scipy import stats

    cells = GroupCells(np.array([[6, 4, 5]]), np.array([[4, 1, 1]]))
    right = permuted_right(cells, 20_000, 1)[:, 0]
    for place, size in enumerate(cells.images[0].tolist()):
        wanted = stats.hypergeom(15, 6, size).pmf(np.arange(size + 1)) * len(right)
        found = np.bincount(right[:, place], minlength=size + 1)
        common = wanted >= 5
        assert stats.chisquare(found[common], wanted[common] * found[common].sum() / wanted[common].sum()).pvalue > 1e-4


def test_the_share_of_as_large_values_is_exact_where_all_arrangements_are_known() -> None:
    """One class, two groups of 2, two right: 2 of 6 arrangements are as uneven as [2, 0]."""
    cells = GroupCells(np.array([[2, 2]]), np.array([[2, 0]]))
    found = macro_std_test(cells, permutations=20_000)
    assert found.p_value == pytest.approx(1 / 3, abs=0.015)
    assert found.mean == pytest.approx(1 / 3 * 0.5, abs=0.01)
    even = macro_std_test(GroupCells(cells.images, np.array([[1, 1]])), permutations=200)
    assert even.p_value == 1


@pytest.mark.parametrize("right", [[[0, 0], [0, 0]], [[9, 7], [8, 6]], [[9, 7], [0, 0]]])
def test_a_model_without_any_spread(right: list[list[int]]) -> None:
    """All wrong, all right, and constant: p is 1, and z is undefined rather than large."""
    found = macro_std_test(GroupCells(np.array([[9, 7], [8, 6]]), np.array(right)))
    assert (found.mean, found.sd, found.p_value) == (0, 0, 1)
    assert math.isnan(found.z)


def test_a_class_without_images_is_missing() -> None:
    found = macro_std_test(GroupCells(np.array([[9, 7], [0, 0]]), np.array([[5, 5], [0, 0]])))
    assert math.isnan(found.mean)
    assert math.isnan(found.p_value)
    interval = fair_std_interval(np.ones(5, bool), np.zeros(5, int), np.zeros(5, int), (2, 2))
    assert math.isnan(interval.lower)


def test_same_numbers_for_ever() -> None:
    cells = GroupCells(np.array([[50, 20], [40, 30]]), np.array([[45, 15], [39, 20]]))
    found = macro_std_test(cells, permutations=100, seed=3)
    assert found.mean == pytest.approx(0.0354408065, abs=1e-9)
    labels, groups = (np.repeat(index.ravel(), cells.images.ravel()) for index in np.indices((2, 2)))
    right = np.concatenate([np.arange(n) < k for n, k in zip(cells.images.ravel(), cells.right.ravel(), strict=True)])
    interval = fair_std_interval(right, labels, groups, (2, 2), seed=3)
    assert interval == pytest.approx((0.0, 0.1525844474), abs=1e-9)
    assert interval == fair_std_interval(right, labels, groups, (2, 2), seed=3)


def test_the_interval_holds_the_estimate_where_percentiles_of_macro_std_do_not() -> None:
    rng = np.random.default_rng(0)
    sizes = np.full((10, 8), 60)
    for _ in range(20):
        found = answers(rng, sizes, np.full((10, 8), 0.95))
        interval = fair_std_interval(*found, (10, 8), resamples=300)
        assert interval.contains(fair_std(group_cells(*found, (10, 8))))


def test_several_tables_share_the_draws() -> None:
    """A table twice is the table once; unlike ones lie between, whether groups or answers differ."""
    rng = np.random.default_rng(3)
    right, labels, groups = answers(rng, np.full((4, 5), 60), np.tile([0.6, 0.8, 0.9, 0.95, 0.99], (4, 1)))
    mixed = rng.permutation(groups)
    one = fair_std_interval(right, labels, groups, (4, 5), resamples=300)
    for several in ((right, np.stack([groups, groups])), (np.stack([right, right]), groups)):
        assert fair_std_interval(several[0], labels, several[1], (4, 5), resamples=300) == pytest.approx(one)
    both = fair_std_interval(right, labels, np.stack([groups, mixed]), (4, 5), resamples=300)
    none = fair_std_interval(right, labels, mixed, (4, 5), resamples=300)
    assert none.upper < both.lower < both.upper < one.upper
    cells = [group_cells(right, labels, codes, (4, 5)) for codes in (groups, mixed)]
    assert both.contains(fair_std(GroupCells(*(np.stack(parts) for parts in zip(*cells, strict=True)))))


@pytest.mark.slow
def test_level_of_the_permutation_test() -> None:
    """2,000 models without a group effect: Monte-Carlo error .005 at a level of .05."""
    rng = np.random.default_rng(1)
    sizes = np.tile([150, 50, 120, 35, 20, 100, 8, 12], (4, 1))
    tests = [
        macro_std_test(group_cells(*answers(rng, sizes, np.full((4, 8), 0.93)), (4, 8)), permutations=199)
        for _ in range(2000)
    ]
    rejected = np.mean([test.p_value <= 0.05 for test in tests])
    print(f"rejected at .05: {rejected:.4f}")
    assert 0.035 < rejected < 0.065


SIZES = {
    "even": np.full((4, 5), 80),
    "uneven": np.tile([150, 50, 120, 35, 20, 100, 8, 12], (4, 1)),
    "small": np.full((4, 8), 12),
}


@pytest.mark.slow
@pytest.mark.parametrize("layout", sorted(SIZES))
def test_coverage_of_fair_std(layout: str) -> None:
    """Sizes drawn anew within classes; 6 cells of 250 trials a layout: error .014 a cell at .95, .006 for the mean."""
    trials, covered = 250, {}
    sizes = SIZES[layout]
    weights = sizes / sizes.sum(axis=1, keepdims=True)
    for mean, spread in itertools.product((0.8, 0.96), (0.0, 0.01, 0.03)):
        rng = np.random.default_rng([len(layout), round(100 * mean), round(1000 * spread)])
        pattern = np.where(np.arange(sizes.shape[1]) % 2, 1.0, -1.0) * spread
        truth = np.tile(mean + pattern, (len(sizes), 1))
        apart = truth - (weights * truth).sum(axis=1, keepdims=True)
        wanted = math.sqrt(float((weights * apart**2).sum(axis=1).mean()))
        hits = []
        for _ in range(trials):
            drawn = np.stack([rng.multinomial(row.sum(), row / row.sum()) for row in sizes])
            interval = fair_std_interval(*answers(rng, drawn, truth), sizes.shape, resamples=400)
            hits.append(Interval(interval.lower - 1e-12, interval.upper + 1e-12).contains(wanted))
        covered[mean, spread] = float(np.mean(hits))
    print(layout, f"mean {np.mean(list(covered.values())):.4f}, lowest {min(covered.values()):.3f}", covered)
    assert np.mean(list(covered.values())) >= 0.93
    assert min(covered.values()) >= 0.90


def test_macro_std_of_pure_noise_is_its_floor() -> None:
    """Without a group effect the observed value lies inside the permuted ones: mean of 40 z near 0."""
    rng = np.random.default_rng(2)
    sizes = np.full((10, 5), 60)
    z = [macro_std_test(group_cells(*answers(rng, sizes, np.full((10, 5), 0.9)), (10, 5)), 100).z for _ in range(40)]
    assert abs(np.mean(z)) < 4 / math.sqrt(40)
    uneven = answers(rng, sizes, np.tile([0.8, 0.85, 0.9, 0.95, 0.99], (10, 1)))
    cells = group_cells(*uneven, (10, 5))
    assert macro_std_test(cells, 200).z > 5
    assert macro_std(cells) > macro_std_test(cells, 200).mean
