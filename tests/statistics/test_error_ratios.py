"""Intervals of error ratios: against Wilson's, on edge cases, and by coverage."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from benchmark.metrics import error_ratios, group_cells, standardizing_weights
from benchmark.statistics import wilson_interval
from benchmark.statistics.error_ratios import error_ratio_interval, largest_error_ratio


def crossed(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Labels and groups of a (classes, groups) table of sizes, weights of each group, and of all of its classes."""
    labels, groups = (np.repeat(index.ravel(), sizes.ravel()) for index in np.indices(sizes.shape))
    weights = standardizing_weights(labels, groups, sizes.shape)
    held = weights @ (labels[:, None] == np.arange(len(sizes))) > 0
    wholes = np.array([own[labels] / own.sum() for own in held]) / sizes.sum(axis=1)[labels]
    return labels, groups, weights, wholes


def test_equal_weights_are_wilson_of_the_share_of_errors() -> None:
    errors = np.zeros(4000, dtype=bool)
    errors[:30] = errors[1000:1045] = True  # 30 errors among the group's 1,000 images, 45 among the others
    own, whole = np.repeat([1 / 1000, 0], [1000, 3000]), np.full(4000, 1 / 4000)
    found = error_ratio_interval(errors, own, whole, np.repeat([0, 1], [1000, 3000]))
    plain = wilson_interval(30, 75)
    assert found.lower == pytest.approx(plain.lower / 0.25, rel=0.02)
    assert found.upper == pytest.approx(plain.upper / 0.25, rel=0.02)


@pytest.mark.parametrize(("where", "ratio"), [(slice(100, 110), 0.0), (slice(0, 10), 2.0)])
def test_no_error_in_the_group_and_all_of_them(where: slice, ratio: float) -> None:
    errors = np.zeros(200, dtype=bool)
    errors[where] = True
    own, whole = np.repeat([1 / 100, 0], 100), np.full(200, 1 / 200)
    found = error_ratio_interval(errors, own, whole, np.zeros(200, int))
    plain = wilson_interval(ratio * 5, 10)
    assert found == pytest.approx((plain.lower / 0.5, plain.upper / 0.5))
    assert found.contains(ratio)


def test_no_error_at_all_has_no_ratio() -> None:
    own, whole = np.repeat([1 / 10, 0], 10), np.full(20, 1 / 20)
    assert all(math.isnan(end) for end in error_ratio_interval(np.zeros(20), own, whole, np.zeros(20, int)))
    assert largest_error_ratio(np.zeros(20), own[None], whole[None], np.zeros(20, int)) is None


def test_the_largest_is_the_one_of_the_metric() -> None:
    sizes = np.array([[90, 40, 8], [30, 100, 3], [60, 60, 60]])
    labels, groups, weights, wholes = crossed(sizes)
    correct = np.random.default_rng(0).random(len(labels)) < np.array([0.9, 0.8, 0.7])[labels] - 0.05 * groups
    ratios = error_ratios(group_cells(correct, labels, groups, sizes.shape))
    cells = labels * 3 + groups
    found = largest_error_ratio(~correct, weights, wholes, cells)
    assert found is not None
    assert (found.index, found.ratio) == (int(np.argmax(ratios)), pytest.approx(ratios.max()))
    ends = [error_ratio_interval(~correct, w, v, cells, 0.95 ** (1 / 3)) for w, v in zip(weights, wholes, strict=True)]
    assert found.interval == (max(e.lower for e in ends), max(e.upper for e in ends))


def test_wrong_weights_are_refused() -> None:
    half, whole = np.full(4, 0.125), np.full(4, 0.25)
    with pytest.raises(ValueError, match="sum 1"):
        error_ratio_interval(np.ones(4), half, whole, np.zeros(4, int))
    with pytest.raises(ValueError, match="sum 1"):
        error_ratio_interval(np.ones(4), whole, half, np.zeros(4, int))
    with pytest.raises(ValueError, match="groups by images"):
        largest_error_ratio(np.ones(4), whole, whole, np.zeros(4, int))


SIZES = {
    "unlike": np.clip(np.random.default_rng(8).lognormal(4.1, 1.3, (10, 8)).astype(int), 5, 700),
    "quintiles": np.full((10, 5), 100),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SIZES)
def test_coverage_of_each_and_of_the_largest(name: str) -> None:
    """6 cells of 200 trials: for the largest an error of .015 a cell and .006 for the mean; single ones less."""
    labels, groups, weights, wholes = crossed(SIZES[name])
    cells = labels * weights.shape[0] + groups
    single, largest = {}, {}
    for error, spread in itertools.product((0.2, 0.04, 0.01), (0.0, 0.5)):
        rng = np.random.default_rng([round(1000 * error), round(10 * spread)])
        rates = np.clip(error * rng.lognormal(0, spread, SIZES[name].shape), 0, 1)[labels, groups]
        truths = (weights @ rates) / (wholes @ rates)
        hits, largest_hits = [], []
        for trial in range(200):
            missed = rng.random(len(rates)) < rates
            group = trial % len(truths)
            found = error_ratio_interval(missed, weights[group], wholes[group], cells)
            hits.append(found.contains(truths[group]))
            worst = largest_error_ratio(missed, weights, wholes, cells)
            assert worst is not None
            largest_hits.append(worst.interval.contains(truths.max()))
        single[error, spread], largest[error, spread] = np.mean(hits), np.mean(largest_hits)
    for what, found_cells in (("single", single), ("largest", largest)):
        values = list(found_cells.values())
        print(f"{name}, {what}: mean {np.mean(values):.4f}, lowest {min(values):.3f}", found_cells)
        assert np.mean(values) >= 0.93
        assert min(values) >= 0.90
