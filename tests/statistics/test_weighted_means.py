"""Intervals of weighted means over images, and of the worst of several groups."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from benchmark.statistics import mean_interval, wilson_interval
from benchmark.statistics.weighted_means import weighted_mean_interval, worst_weighted_interval


def equal(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(n, 1 / n), np.zeros(n, int)


@pytest.mark.parametrize("right", [1, 180, 199])
def test_equal_weights_are_nearly_the_plain_interval(right: int) -> None:
    answers = np.arange(200) < right
    found, plain = weighted_mean_interval(answers, *equal(200)), wilson_interval(right, 200)
    assert found.lower == pytest.approx(plain.lower, abs=0.002)
    assert found.upper == pytest.approx(plain.upper, abs=0.002)


def test_per_image_shares_are_nearly_the_plain_interval() -> None:
    shares = np.random.default_rng(0).beta(4, 2, 500)
    found, plain = weighted_mean_interval(shares, *equal(500)), mean_interval(shares)
    assert tuple(found) == pytest.approx(tuple(plain), abs=0.001)


def test_variance_is_that_of_strata() -> None:
    """Two strata of .5 and 1: half of the first one's variance and a quarter of its weight squared."""
    answers = np.concatenate([np.arange(1000) % 2, np.ones(1000)])
    strata = np.repeat([0, 1], 1000)
    found = weighted_mean_interval(answers, np.full(2000, 1 / 2000), strata)
    error = 0.5 * math.sqrt(0.25 / 1000)
    assert (found.upper - found.lower) / 2 == pytest.approx(1.96 * error, rel=0.01)
    together = weighted_mean_interval(answers, *equal(2000))
    assert together.upper - together.lower > 1.2 * (found.upper - found.lower)


def test_all_right_and_all_wrong_have_the_length_of_independent_images() -> None:
    weights = np.repeat([0.5 / 4, 0.5 / 96], [4, 96])
    strata = np.repeat([0, 1], [4, 96])
    images = 1 / (0.25 / 4 + 0.25 / 96)
    assert weighted_mean_interval(np.ones(100), weights, strata) == pytest.approx(wilson_interval(images, images))
    assert weighted_mean_interval(np.zeros(100), weights, strata) == pytest.approx(wilson_interval(0, images))


def test_a_small_stratum_that_agrees_is_not_certain() -> None:
    """Two right images with half of the weight say less than the hundred beside them."""
    weights, strata = np.repeat([0.25, 0.005], [2, 100]), np.repeat([0, 1], [2, 100])
    answers = np.concatenate([[1, 1], np.arange(100) < 80])
    found = weighted_mean_interval(answers, weights, strata)
    assert found.contains(0.9)
    assert found.upper - found.lower > 2 * 1.96 * 0.5 * math.sqrt(0.16 / 100) * 1.5


def test_images_of_weight_zero_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    answers, strata = rng.random(300) < 0.8, rng.integers(0, 4, 300)
    weights = np.where(np.arange(300) < 200, 1 / 200, 0)
    changed = np.where(np.arange(300) < 200, answers, ~answers)
    assert weighted_mean_interval(answers, weights, strata) == weighted_mean_interval(changed, weights, strata)
    assert weighted_mean_interval(answers, weights, strata) == pytest.approx(
        weighted_mean_interval(answers[:200], weights[:200], 7 * strata[:200])
    )


def test_the_worst_group_names_all_that_may_be_worst() -> None:
    groups = np.repeat(np.arange(4), 500)
    weights = (groups == np.arange(4)[:, None]) / 500
    answers = np.random.default_rng(2).random(2000) < np.array([0.9, 0.52, 0.5, 0.8])[groups]
    worst = worst_weighted_interval(answers, weights, np.zeros(2000, int))
    means = [answers[groups == g].mean() for g in range(4)]
    assert worst.index == int(np.argmin(means))
    assert worst.mean == pytest.approx(min(means))
    assert worst.may_be_worst == (1, 2)
    each = [weighted_mean_interval(answers, row, np.zeros(2000, int), 0.95**0.25) for row in weights]
    assert worst.interval == (min(i.lower for i in each), min(i.upper for i in each))


def test_equal_groups_name_the_first_as_worst_and_all_as_candidates() -> None:
    weights = (np.arange(6) % 3 == np.arange(3)[:, None]) / 2
    worst = worst_weighted_interval(np.ones(6, bool), weights, np.zeros(6, int))
    assert (worst.index, worst.mean, worst.may_be_worst) == (0, 1.0, (0, 1, 2))
    assert worst.interval.upper == 1.0


@pytest.mark.parametrize(
    ("scores", "weights", "strata", "reason"),
    [
        ([0.5, math.nan], [0.5, 0.5], [0, 0], "NaN"),
        ([0.5, 1.5], [0.5, 0.5], [0, 0], r"\[0, 1\]"),
        ([0.5, 0.5], [0.5, 0.4], [0, 0], "sum 1"),
        ([0.5, 0.5], [1.5, -0.5], [0, 0], "not negative"),
        ([0.5, 0.5], [0.5, 0.5], [0], "strata"),
        ([0.5, 0.5], [0.5, 0.5], [0.0, 1.0], "integers"),
        ([], [], np.zeros(0, int), "sum 1"),
    ],
)
def test_refusals(scores: list[float], weights: list[float], strata: list[int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        weighted_mean_interval(scores, weights, strata)


@pytest.mark.parametrize("weights", [np.zeros((0, 3)), np.zeros(3)])
def test_the_worst_of_nothing_is_refused(weights: np.ndarray) -> None:
    with pytest.raises(ValueError, match="weights"):
        worst_weighted_interval(np.zeros(3), weights, np.zeros(3, int))


def crossed(sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes and groups of the images of a (classes, groups) table of sizes, and the standardizing weights."""
    classes, groups = (index.ravel().repeat(sizes.ravel()) for index in np.indices(sizes.shape))
    held = (sizes > 0).sum(axis=0)
    of_cell = 1 / (sizes * held)[classes, groups]
    return classes, groups, np.where(groups == np.arange(sizes.shape[1])[:, None], of_cell, 0)


SIZES = {
    # Like the annotated backgrounds of CIFAR-10: two to several hundred images a cell, some cells tiny.
    "unlike": np.clip(np.random.default_rng(8).lognormal(4.1, 1.3, (10, 8)).astype(int), 2, 700),
    "quintiles": np.full((10, 5), 200),
    "small": np.full((10, 5), 20),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SIZES)
def test_coverage_of_group_balanced_and_worst_group_accuracy(name: str) -> None:
    """12 cells of 500 trials: Monte-Carlo error .010 a cell, .003 for their mean; the cells' own errors vary."""
    classes, groups, weights = crossed(SIZES[name])
    balanced, cell = weights.mean(axis=0), classes * weights.shape[0] + groups
    covered, worst_covered = {}, {}
    for error, spread, seed in itertools.product((0.2, 0.07, 0.03, 0.01), (0.0, 0.8), (0, 1)):
        if spread == 0 and seed:
            continue
        rng = np.random.default_rng([round(1000 * error), round(10 * spread), seed])
        accuracy = np.clip(1 - error * rng.lognormal(0, spread, SIZES[name].shape), 0, 1)[classes, groups]
        truths = weights @ accuracy
        hits, worst_hits = 0, 0
        for _ in range(500):
            right = rng.random(len(accuracy)) < accuracy
            hits += weighted_mean_interval(right, balanced, cell).contains(float(truths.mean()))
            worst_hits += worst_weighted_interval(right, weights, classes).interval.contains(float(truths.min()))
        covered[error, spread, seed], worst_covered[error, spread, seed] = hits / 500, worst_hits / 500
    for what, found in (("balanced", covered), ("worst", worst_covered)):
        print(f"{name}, {what}: mean {np.mean(list(found.values())):.4f}, lowest {min(found.values()):.3f}", found)
    assert np.mean(list(covered.values())) >= 0.935
    assert min(covered.values()) >= 0.90
    assert np.mean(list(worst_covered.values())) >= 0.94
    assert min(worst_covered.values()) >= 0.91
