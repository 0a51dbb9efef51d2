"""Metrics of groups against the formulas written out with fractions, on edge cases, and without bias."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics import (
    GroupCells,
    cell_accuracies,
    debiased_group_variance,
    error_ratios,
    fair_std,
    group_accuracies,
    group_balanced_accuracy,
    group_cells,
    group_variance,
    macro_std,
    ranked_groups,
    standardized_group_accuracies,
    standardizing_weights,
    worst_group,
)
from benchmark.metrics.subgroups import SMALLEST_RANKED_GROUP, SMALLEST_STANDARDIZED_CELL

CLASSES, GROUPS = 3, 4
SHAPE = (CLASSES, GROUPS)


def draw(seed: int, images: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right-or-wrong answers, labels and groups whose sizes are very unlike."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, images)
    groups = np.minimum(rng.geometric(0.5, images) - 1, GROUPS - 1)
    return rng.random(images) < 0.6 + 0.1 * labels, labels, groups


def by_cell(correct: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> dict[tuple[int, int], list[bool]]:
    found: dict[tuple[int, int], list[bool]] = {}
    for hit, label, group in zip(correct.tolist(), labels.tolist(), groups.tolist(), strict=True):
        found.setdefault((label, group), []).append(hit)
    return found


def share(hits: list[bool]) -> Fraction:
    return Fraction(sum(hits), len(hits))


@given(st.integers(0, 2**32 - 1), st.sampled_from([20, 60, 400]))
@settings(max_examples=60, deadline=None)
def test_equal_the_formulas_with_fractions(seed: int, images: int) -> None:
    correct, labels, groups = draw(seed, images)
    cells = group_cells(correct, labels, groups, SHAPE)
    table = by_cell(correct, labels, groups)
    standardized = standardized_group_accuracies(cells)
    weights = standardizing_weights(labels, groups, SHAPE)
    for group in range(GROUPS):
        own = [hits for (_, g), hits in table.items() if g == group]
        everything = [hit for hits in own for hit in hits]
        large = [(c, hits) for (c, g), hits in table.items() if g == group and len(hits) >= SMALLEST_STANDARDIZED_CELL]
        assert_equal(group_accuracies(cells)[group], share(everything) if everything else None)
        mean = sum((share(hits) for _, hits in large), Fraction(0)) / len(large) if large else None
        assert_equal(standardized[group], mean)
        assert weights[group] @ correct == pytest.approx(float(mean or 0))
        classes = {c: [hit for (k, _), hits in table.items() if k == c for hit in hits] for c, _ in large}
        error = 1 - sum((share(hits) for hits in classes.values()), Fraction(0)) / len(large) if large else None
        assert_equal(error_ratios(cells)[group], (1 - mean) / error if mean is not None and error else None)
    if np.isin(np.arange(CLASSES), labels).all():
        assert macro_std(cells) == pytest.approx(sum(math.sqrt(v) for v in variances(table)) / CLASSES)
        assert group_variance(cells) == pytest.approx(float(sum(variances(table)) / CLASSES))
        debiased = sum(variances(table, debias=True)) / CLASSES
        assert debiased_group_variance(cells) == pytest.approx(float(debiased), abs=1e-12)
        assert fair_std(cells) == pytest.approx(math.sqrt(max(0, debiased)), abs=1e-6)


def assert_equal(found: float, wanted: Fraction | None) -> None:
    assert math.isnan(found) if wanted is None else found == pytest.approx(float(wanted))


def variances(table: dict[tuple[int, int], list[bool]], debias: bool = False) -> list[Fraction]:
    """The variance between groups of every class; `debias` takes away what binomial noise adds on average."""
    found = []
    for label in range(CLASSES):
        own = [hits for (c, _), hits in table.items() if c == label]
        mean = share([hit for hits in own for hit in hits])
        total = sum(len(hits) for hits in own)
        variance = Fraction(0)
        for hits in own:
            weight, accuracy = Fraction(len(hits), total), share(hits)
            variance += weight * (accuracy - mean) ** 2
            if debias and len(hits) > 1:
                variance -= weight * (1 - weight) * accuracy * (1 - accuracy) / (len(hits) - 1)
        found.append(variance)
    return found


def test_an_empty_group_is_missing_and_never_zero() -> None:
    correct, labels, groups = draw(0)
    cells = group_cells(correct, labels, np.minimum(groups, GROUPS - 2), SHAPE)
    for values in (group_accuracies(cells), standardized_group_accuracies(cells), error_ratios(cells)):
        assert math.isnan(values[-1])
        assert not np.isnan(values[:-1]).any()
    assert math.isnan(group_balanced_accuracy(cells))
    assert not ranked_groups(cells)[-1]
    worst = worst_group(cells)
    assert worst is not None
    assert worst.place != GROUPS - 1
    assert worst.accuracy > 0
    assert not math.isnan(macro_std(cells))  # empty cells drop out


def test_a_class_without_images_is_missing() -> None:
    correct, labels, groups = draw(0)
    cells = group_cells(correct, np.minimum(labels, CLASSES - 2), groups, SHAPE)
    assert np.isnan(cell_accuracies(cells)[-1]).all()
    assert math.isnan(macro_std(cells))
    assert math.isnan(fair_std(cells))
    assert not np.isnan(standardized_group_accuracies(cells)[0])


def test_no_image_at_all() -> None:
    cells = group_cells([], [], [], SHAPE)
    assert np.isnan(group_accuracies(cells)).all()
    assert worst_group(cells) is None


def test_a_constant_model_looks_even_and_is_at_the_floor() -> None:
    _, labels, groups = draw(3, 4000)
    means = []
    for answer in range(CLASSES):
        cells = group_cells(labels == answer, labels, groups, SHAPE)
        assert macro_std(cells) == 0
        assert fair_std(cells) == 0
        assert standardized_group_accuracies(cells) == pytest.approx(np.full(GROUPS, 1 / CLASSES))
        means.append(float(group_balanced_accuracy(cells)))
    assert np.mean(means) == pytest.approx(1 / CLASSES)


def test_a_perfect_model() -> None:
    _, labels, groups = draw(4, 4000)
    cells = group_cells(np.ones(4000, dtype=bool), labels, groups, SHAPE)
    assert group_balanced_accuracy(cells) == 1
    assert macro_std(cells) == 0
    assert np.isnan(error_ratios(cells)).all()  # without an error there is no ratio


def test_class_mix_is_taken_out() -> None:
    """A model that is right by class alone has equal groups, though one group is made of the hard class."""
    labels = np.repeat([0, 0, 1, 1], [90, 10, 10, 90])
    groups = np.repeat([0, 1, 0, 1], [90, 10, 10, 90])
    correct = np.concatenate([np.arange(n) < share * n for n, share in ((90, 0.9), (10, 0.9), (10, 0.5), (90, 0.5))])
    cells = group_cells(correct, labels, groups, (2, 2))
    assert group_accuracies(cells) == pytest.approx([0.86, 0.54])
    assert standardized_group_accuracies(cells) == pytest.approx([0.7, 0.7])
    assert error_ratios(cells) == pytest.approx([1, 1])
    assert macro_std(cells) == pytest.approx(0, abs=1e-12)


def test_cells_of_few_images_do_not_enter_a_standardized_mean() -> None:
    images = np.array([[100, SMALLEST_STANDARDIZED_CELL - 1], [100, 50]])
    cells = GroupCells(images, np.array([[90, 0], [80, 45]]))
    assert standardized_group_accuracies(cells)[1] == pytest.approx(0.9)
    assert standardized_group_accuracies(cells, smallest_cell=1)[1] == pytest.approx(0.45)
    with pytest.raises(ValueError, match="smallest_cell"):
        standardized_group_accuracies(cells, smallest_cell=0)


def test_small_groups_are_never_the_worst() -> None:
    images = np.array([[100, SMALLEST_RANKED_GROUP - 1, SMALLEST_RANKED_GROUP]])
    cells = GroupCells(images, np.array([[95, 0, 15]]))
    worst = worst_group(cells)
    assert worst is not None
    assert (worst.place, worst.accuracy) == (2, 0.5)
    assert worst_group(GroupCells(images[:, :2], cells.right[:, :2] * 0)) is not None


def test_leading_axes_are_taken_one_by_one() -> None:
    tables = [group_cells(*draw(seed), SHAPE) for seed in range(5)]
    together = GroupCells(*(np.stack(parts) for parts in zip(*tables, strict=True)))
    for function in (macro_std, debiased_group_variance, standardized_group_accuracies, error_ratios):
        assert np.array_equal(function(together), np.stack([function(cells) for cells in tables]), equal_nan=True)
    mean = float(np.mean([debiased_group_variance(cells) for cells in tables]))
    assert fair_std(together) == pytest.approx(math.sqrt(max(mean, 0)))


@pytest.mark.parametrize("spread", [0.0, 0.01, 0.04])
def test_the_debiased_variance_is_unbiased_and_the_plain_one_is_not(spread: float) -> None:
    """4,000 draws of given group sizes; the error of a mean is stated by its own spread."""
    rng = np.random.default_rng(7)
    images = np.array([[400, 60, 8], [100, 200, 30]])
    truth = np.array([[0.9, 0.9 - 2 * spread, 0.9 + spread], [0.95 + spread, 0.95, 0.95 - spread]])
    right = rng.binomial(images, truth, size=(4000, *images.shape))
    cells = GroupCells(np.broadcast_to(images, right.shape), right)
    weights = images / images.sum(axis=1, keepdims=True)
    apart = truth - (weights * truth).sum(axis=1, keepdims=True)
    wanted = float((weights * apart**2).sum(axis=1).mean())
    debiased = debiased_group_variance(cells)
    error = debiased.std() / math.sqrt(len(debiased))
    assert abs(debiased.mean() - wanted) < 4 * error
    assert group_variance(cells).mean() - wanted > 20 * error


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        ([0, 1, 3], [0, 0, 0], "labels: in 0..2, but got 0 to 3"),
        ([0, 1, 2], [0, -1, 0], "groups: in 0..3, but got -1 to 0"),
        ([0, 1, 2], [0.0, 1.0, 2.0], "groups: integers"),
        ([0, 1, 2], [0, 1], "groups: one for each of 3 images"),
        ([0, 1], [0, 1], "labels: 3 like correct"),
    ],
)
def test_wrong_arguments_are_refused(labels: list[int], groups: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        group_cells([True, False, True], labels, groups, SHAPE)
    with pytest.raises(ValueError, match="correct: bool"):
        group_cells(np.array([0, 1, 2]), [0, 1, 2], [0, 1, 2], SHAPE)
