"""Is there any group effect, and how large is it: the permutation test of MacroStd and the interval of FairStd."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.subgroups import (
    GroupCells,
    debiased_group_variance,
    group_cells,
    group_variance,
    macro_std,
)
from benchmark.statistics.interval import Interval, check_confidence
from benchmark.statistics.resampling import image_counts, random_keys

PERMUTATIONS = 1000
RESAMPLES = 1000


@dataclass(frozen=True)
class NoGroupEffect:
    """MacroStd under permutations of the groups within classes, where groups cannot matter.

    `mean`, `sd`: its noise floor, and how far that varies. `z`: how many `sd` the observed value lies above; nan where
    no permutation differs. `p_value`: in (0, 1], the share of values at least as large as the observed one, itself
    included.
    """

    mean: float
    sd: float
    z: float
    p_value: float


def macro_std_test(cells: GroupCells, permutations: int = PERMUTATIONS, seed: int = 0) -> NoGroupEffect:
    """Test of "no group effect within any class": where the observed MacroStd lies among permuted ones.

    `cells`: int64 (classes, groups). A permutation keeps the group sizes and the number of right answers of each class,
    so these counts are all it needs. Where every class is all right or all wrong, mean is 0, z nan and p 1; a class
    without an image gives nan throughout. The result is equal on every machine. Raises ValueError for permutations
    below 1.
    """
    observed = float(macro_std(cells))
    null = macro_std(GroupCells(cells.images, permuted_right(cells, permutations, seed)))
    mean, sd = float(null.mean()), float(null.std())
    if np.isnan(observed):
        return NoGroupEffect(observed, observed, observed, observed)
    # Equal arrangements may differ in the last digits of their sums.
    at_least = int((null >= observed - 1e-12).sum())
    z = (observed - mean) / sd if sd > 1e-12 else float("nan")
    return NoGroupEffect(mean, sd, z, (1 + at_least) / (1 + permutations))


def permuted_right(cells: GroupCells, permutations: int, seed: int) -> NDArray[np.int64]:
    """Right answers of each cell after permuting the groups within classes: int64 (permutations, classes, groups)."""
    result = np.empty((permutations, *cells.images.shape), dtype=np.int64)
    for place, (images, right) in enumerate(zip(cells.images, cells.right, strict=True)):
        total, hits = int(images.sum()), int(right.sum())
        if total == 0:
            result[:, place] = 0
            continue
        rarer = min(hits, total - hits)
        # The images with the smallest keys are the first group, and so on; the first `rarer` images are the rare ones.
        last = np.cumsum(images) - 1
        first = 0
        for keys in random_keys(total, permutations, seed + place):
            order = np.sort(keys, axis=1)
            below = [(keys[:, :rarer] <= order[:, [end]]).sum(axis=1) if end >= 0 else 0 * keys[:, 0] for end in last]
            result[first : first + len(keys), place] = np.diff(np.stack(below, axis=1).astype(np.int64), prepend=0)
            first += len(keys)
        if hits > rarer:
            result[:, place] = images - result[:, place]
    return result


def fair_std_interval(
    correct: ArrayLike,
    labels: ArrayLike,
    groups: ArrayLike,
    shape: tuple[int, int],
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Interval of FairStd over draws of test images, in [0, 1/2]; its lower end is often 0.

    `labels`: integer (N,); `correct`: bool (N,) and `groups`: integer (N,), or several of one or both, (tables, N), for
    the root of the mean of the debiased variances over attributes, or over versions of the images; `shape`:
    (classes, groups). Images are drawn within classes. With V the plug-in variance
    between the groups, which is the truth of the draws, the errors e = D* - V of the debiased variance D in the draws
    give [D - upper quantile of e, D - lower quantile of e], whose positive part's root is the interval.
    Percentiles of D* itself would not hold the truth: a draw doubles the noise that D has taken out.

    A class without an image gives (nan, nan). The result is equal on every machine up to rounding.
    Raises ValueError as `group_cells` does, for confidence outside (0, 1) and resamples below 1.
    """
    check_confidence(confidence)
    truth = np.asarray(labels)
    answers, codes = np.broadcast_arrays(np.atleast_2d(correct), np.atleast_2d(groups))
    tables = [group_cells(hits, truth, own, shape) for hits, own in zip(answers, codes, strict=True)]
    cells = GroupCells(*(np.stack(parts) for parts in zip(*tables, strict=True)))
    if (cells.images.sum(axis=-1) == 0).any():
        return Interval(float("nan"), float("nan"))
    drawn = _redrawn(answers, truth, codes, shape, resamples, seed)
    errors = np.sort(debiased_group_variance(drawn).mean(axis=-1) - group_variance(cells).mean())
    low, high = _quantiles(errors, confidence)
    debiased = float(debiased_group_variance(cells).mean())
    lower, upper = np.sqrt(np.clip([debiased - high, debiased - low], 0, 0.25))
    return Interval(float(lower), float(upper))


def _redrawn(
    correct: NDArray[np.bool_],
    labels: NDArray[np.int64],
    codes: NDArray[np.int64],
    shape: tuple[int, int],
    resamples: int,
    seed: int,
) -> GroupCells:
    """Counts of all cells in draws of images within classes: int64 (resamples, tables, classes, groups)."""
    classes, groups = shape
    images = np.empty((resamples, len(codes), classes, groups), dtype=np.int64)
    right = np.empty_like(images)
    for place in range(classes):
        members = np.flatnonzero(labels == place)
        # One column for each group of each table, then the same for right answers; counts stay exact in float32.
        belongs = codes[:, members, None] == np.arange(groups)
        both = np.concatenate([belongs, belongs & correct[:, members, None]])
        columns = both.transpose(1, 0, 2).reshape(len(members), -1).astype(np.float32)
        draws = image_counts(len(members), resamples, seed + place)
        table = np.concatenate([counts.astype(np.float32) @ columns for counts in draws])
        of_images, of_right = np.split(table.astype(np.int64), 2, axis=1)
        images[:, :, place] = of_images.reshape(resamples, len(codes), groups)
        right[:, :, place] = of_right.reshape(resamples, len(codes), groups)
    return GroupCells(images, right)


def _quantiles(ascending: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """The values with (1 - confidence) / 2 of the draws below, and above."""
    tail = int((1 - confidence) / 2 * (len(ascending) + 1))
    tail = max(tail, 1)
    return float(ascending[tail - 1]), float(ascending[-tail])
