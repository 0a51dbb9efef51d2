"""Accuracy by class and group: class-standardized groups, the worst group, and how unlike the groups of a class are.

All functions read the counts of `group_cells`, int64 (..., classes, groups); leading axes are taken one by one. An
empty cell or group is missing (nan), never 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.accuracy import right_or_wrong

SMALLEST_RANKED_GROUP = 30
"""Images a group needs to be called the worst one: the minimum over tiny groups is a matter of luck."""


SMALLEST_STANDARDIZED_CELL = 5
"""Images a class x group cell needs to enter a class-standardized mean, where two images may weigh like hundreds."""


class GroupCells(NamedTuple):
    """How many images each class x group cell has, and how many of them are right: int64 (..., classes, groups)."""

    images: NDArray[np.int64]
    right: NDArray[np.int64]


class WorstGroup(NamedTuple):
    """The group with the lowest accuracy: its place, and the accuracy in [0, 1]."""

    place: int
    accuracy: float


def group_cells(correct: ArrayLike, labels: ArrayLike, groups: ArrayLike, shape: tuple[int, int]) -> GroupCells:
    """The counts of all class x group cells.

    `correct`: bool (N,). `labels`: integer (N,) in 0..classes - 1; `groups`: integer (N,) in 0..groups - 1; `shape`:
    (classes, groups). Raises ValueError for other dtypes, unequal lengths and numbers outside.
    """
    answers = right_or_wrong(correct)
    cell = cell_of_images(labels, groups, shape)
    if len(cell) != len(answers):
        raise ValueError(f"labels: {len(answers)} like correct, but got {len(cell)}")
    size = shape[0] * shape[1]
    images = np.bincount(cell, minlength=size).reshape(shape)
    return GroupCells(images, np.bincount(cell[answers], minlength=size).reshape(shape))


def cell_of_images(labels: ArrayLike, groups: ArrayLike, shape: tuple[int, int]) -> NDArray[np.int64]:
    """The cell of each image, label x groups + group: int64 (N,). Arguments and errors as in `group_cells`."""
    truth, group = np.asarray(labels), np.asarray(groups)
    for name, values, size in (("labels", truth, shape[0]), ("groups", group, shape[1])):
        if values.ndim != 1 or values.shape != truth.shape:
            raise ValueError(f"{name}: one for each of {truth.size} images, but got shape {values.shape}")
        if values.size and not np.issubdtype(values.dtype, np.integer):
            raise ValueError(f"{name}: integers, but got {values.dtype}")
        if values.size and (values.min() < 0 or values.max() >= size):
            raise ValueError(f"{name}: in 0..{size - 1}, but got {values.min()} to {values.max()}")
    return truth.astype(np.int64) * shape[1] + group.astype(np.int64)


def cell_accuracies(cells: GroupCells) -> NDArray[np.float64]:
    """Accuracy of each class x group cell in [0, 1]: float64 (..., classes, groups); nan where it is empty."""
    return _share(cells.right, cells.images)


def group_accuracies(cells: GroupCells) -> NDArray[np.float64]:
    """Raw accuracy of each group in [0, 1]: float64 (..., groups); nan for an empty group.

    The share of right answers among the group's images, so it depends on which classes the group is made of.
    """
    return _share(cells.right.sum(axis=-2), cells.images.sum(axis=-2))


def standardized_group_accuracies(
    cells: GroupCells, smallest_cell: int = SMALLEST_STANDARDIZED_CELL
) -> NDArray[np.float64]:
    """Class-standardized accuracy of each group in [0, 1]: float64 (..., groups); nan for a group without such a cell.

    The unweighted mean of the cell accuracies over the classes of which the group has `smallest_cell` images or more,
    so that groups are compared on equal terms although they are made of different classes. Classes that are all but
    absent cannot enter; which these are is the same for all models. Raises ValueError for smallest_cell below 1.
    """
    held = _held(cells.images, smallest_cell)
    sums = np.where(held, cells.right / np.maximum(cells.images, 1), 0).sum(axis=-2)
    return _share(sums, held.sum(axis=-2))


def group_balanced_accuracy(cells: GroupCells, smallest_cell: int = SMALLEST_STANDARDIZED_CELL) -> NDArray[np.float64]:
    """Mean of the class-standardized group accuracies in [0, 1], higher is better: float64 (...).

    nan where a group has no cell of that size. A constant model has about 1 / classes: on average over the classes it
    may answer, and always where every group has every class.
    """
    return np.asarray(standardized_group_accuracies(cells, smallest_cell).mean(axis=-1))


def standardizing_weights(
    labels: ArrayLike, groups: ArrayLike, shape: tuple[int, int], smallest_cell: int = SMALLEST_STANDARDIZED_CELL
) -> NDArray[np.float64]:
    """Weights of the images in each group's class-standardized mean: float64 (groups, N), each row sums to 1.

    For per-image scores that are shares rather than right or wrong: weights @ scores are the class-standardized
    means. The row of a group without a cell of `smallest_cell` images is 0. Arguments and errors as in `group_cells`.
    """
    cell = cell_of_images(labels, groups, shape)
    images = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
    held = _held(images, smallest_cell)
    weight_of_cell = np.where(held, 1 / np.maximum(images * held.sum(axis=0), 1), 0).ravel()
    weights = np.zeros((shape[1], len(cell)))
    weights[cell % shape[1], np.arange(len(cell))] = weight_of_cell[cell]
    return weights


def ranked_groups(cells: GroupCells) -> NDArray[np.bool_]:
    """Which groups have enough images, and a large enough cell, to be called the worst one: bool (..., groups)."""
    large = cells.images.sum(axis=-2) >= SMALLEST_RANKED_GROUP
    return np.asarray(large & ~np.isnan(standardized_group_accuracies(cells)))


def worst_group(cells: GroupCells) -> WorstGroup | None:
    """The lowest class-standardized accuracy among `ranked_groups`; None without such a group.

    `cells`: (classes, groups). Equal ones: the first. The minimum of noisy means lies too low on average, also where
    all groups are equally hard: read it with its interval.
    """
    ranked = ranked_groups(cells)
    if not ranked.any():
        return None
    accuracies = np.where(ranked, standardized_group_accuracies(cells), np.inf)
    place = int(np.argmin(accuracies))
    return WorstGroup(place, float(accuracies[place]))


def macro_std(cells: GroupCells) -> NDArray[np.float64]:
    """MacroStd (our definition) in [0, 1/2], lower is more even: float64 (...); nan where a class has no image.

    The mean over classes of sigma_c = sqrt(sum_s w_cs (a_cs - a_c)^2), with a_cs the accuracy of class c in group s,
    w_cs the share of its images in s, and a_c the accuracy of the class; empty cells drop out. After the words of Chiu,
    Chen and Ma (2023), "Better may not be fairer", who average weighted standard deviations over classes; their
    equation is not published with their code, so figures must not be set beside theirs. More than half of it is
    noise for good models (`macro_std_test`), and a constant model has 0, so it is never a sort key.
    """
    return np.asarray(np.sqrt(_class_variances(cells)).mean(axis=-1))


def group_variance(cells: GroupCells) -> NDArray[np.float64]:
    """Mean over classes of the plug-in variance between groups, in [0, 1/4]: float64 (...); nan as in `macro_std`.

    sum_s w_cs (a_cs - a_c)^2 as in `macro_std`, whose noise adds to it: too large on average.
    """
    return np.asarray(_class_variances(cells).mean(axis=-1))


def debiased_group_variance(cells: GroupCells) -> NDArray[np.float64]:
    """Mean over classes of the variance of accuracy between groups without noise: float64 (...); may be negative.

    From each class's plug-in variance is taken what binomial noise adds on average,
    sum_s w_cs (1 - w_cs) a_cs (1 - a_cs) / (n_cs - 1); a cell of one image says nothing of its noise and adds no
    correction. Unbiased for given group sizes of at least two images. nan as in `macro_std`.
    """
    accuracies = np.nan_to_num(cell_accuracies(cells))
    weights = _share(cells.images, cells.images.sum(axis=-1, keepdims=True))
    noise = weights * (1 - weights) * accuracies * (1 - accuracies) / np.maximum(cells.images - 1, 1)
    return np.asarray((_class_variances(cells) - noise.sum(axis=-1)).mean(axis=-1))


def fair_std(cells: GroupCells) -> float:
    """FairStd in [0, 1/2], lower is more even: root of the debiased variance between groups; 0 where that is negative.

    `cells`: (classes, groups), or (attributes, classes, groups), of which the debiased variances are averaged. nan as
    in `macro_std`. A constant model has 0, so it is never a sort key alone.
    """
    return float(np.sqrt(np.maximum(debiased_group_variance(cells).mean(), 0)))


def error_ratios(cells: GroupCells) -> NDArray[np.float64]:
    """Error of each group over the error on its classes: float64 (..., groups), 1 is even, higher is worse.

    (1 - class-standardized group accuracy) / (1 - mean accuracy of the same classes on all images). nan for a group
    without a large enough cell and where these classes have no error. The ratio of Idrissi et al. (2023), "ImageNet-X",
    with the classes of the group in both parts, so that a group is not blamed for being made of hard classes.
    """
    held = _held(cells.images, SMALLEST_STANDARDIZED_CELL)
    of_class = _share(cells.right.sum(axis=-1), cells.images.sum(axis=-1))
    mean = _share(np.where(held, of_class[..., None], 0).sum(axis=-2), held.sum(axis=-2))
    return _share(1 - standardized_group_accuracies(cells), 1 - mean)


def _class_variances(cells: GroupCells) -> NDArray[np.float64]:
    """sum_s w_cs (a_cs - a_c)^2 of each class: float64 (..., classes)."""
    of_class = _share(cells.right.sum(axis=-1, keepdims=True), cells.images.sum(axis=-1, keepdims=True))
    apart = np.where(cells.images > 0, np.nan_to_num(cell_accuracies(cells)) - of_class, 0)
    return _share((cells.images * apart**2).sum(axis=-1), cells.images.sum(axis=-1))


def _held(images: NDArray[np.int64], smallest_cell: int) -> NDArray[np.bool_]:
    """Which cells enter a class-standardized mean."""
    if smallest_cell < 1:
        raise ValueError(f"smallest_cell: at least 1 image, but got {smallest_cell}")
    return images >= smallest_cell


def _share(part: NDArray, whole: NDArray) -> NDArray[np.float64]:
    """part / whole, and nan where the whole is 0."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole != 0))
