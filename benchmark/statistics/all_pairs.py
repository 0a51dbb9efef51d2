"""The pair test of every two rows at once, each pair tested alone: for pages that compare rows a reader picks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmark.statistics.fixed_point import to_integers
from benchmark.statistics.interval import check_confidence
from benchmark.statistics.means import finite_vector
from benchmark.statistics.paired import mcnemar_p_value
from benchmark.statistics.pairs import FEW, PairScales
from benchmark.statistics.run_spread import RunSpread


@dataclass(frozen=True)
class AllPairs:
    """Of every two of M rows, float64 (M, M): half the width of the interval of their difference, and the p-value.

    The width is in the unit of the scores, nan where nothing bounds the difference; the p-value is two-sided, in
    [0, 1]. Both are symmetric; a row against itself is a tie: width 0, p = 1.
    """

    half_width: NDArray[np.float64]
    p_value: NDArray[np.float64]


def paired_differences(scores: ArrayLike, confidence: float = 0.95, runs: RunSpread | None = None) -> AllPairs:
    """All pairs of M rows by their scores on the same N images: what `paired_difference` gives for each.

    `scores`: bool, integer or float (M, N), finite. Right-or-wrong scores (no more than two values that are next to
    each other) get the exact McNemar p-value instead, as `mcnemar_exact`. One image bounds nothing: nan, p = 1; so do
    none. `runs`: how rows vary over training runs; their variances join that over images (Student's t, degrees of
    freedom after Satterthwaite 1946), and the exact test, which knows images only, is not used. Raises ValueError for
    NaN, another shape, and confidence outside (0, 1).
    """
    check_confidence(confidence)
    rows, unit = to_integers(scores)
    m, n = rows.shape
    if n < 2:
        same = np.eye(m, dtype=np.bool_)
        return AllPairs(np.where(same, 0.0, math.nan), np.ones((m, m)))
    scales = PairScales(rows)
    squares, differing = scales.block(0, m)
    sums = rows.sum(axis=1)
    ahead = (sums[:, None] - sums[None, :]).astype(np.float64)
    over_images = np.maximum(squares - ahead**2 / n, 0.0) / (n * (n - 1))
    over_runs = _of_both(runs, unit) if runs else np.zeros_like(over_images)
    errors = np.sqrt(over_images + over_runs)
    with np.errstate(divide="ignore", invalid="ignore"):  # two rows that agree everywhere
        degrees = errors**4 / (over_images**2 / (n - 1) + over_runs**2 / (runs.degrees if runs else 1))
    degrees = np.where(errors == 0, n - 1, degrees)
    quantile = -special.stdtrit(degrees, (1 - confidence) / 2)
    if scales.two_valued and runs is None:
        p_value = mcnemar_p_value((squares + ahead) / 2, (squares - ahead) / 2)
    else:
        p_value = _t_p_value(ahead / n, errors, degrees)
        # So many images cannot make a pair look more certain than a sign-flip test could.
        p_value = np.where(differing <= FEW, np.maximum(p_value, np.ldexp(1.0, 1 - differing)), p_value)
    same = differing == 0
    return AllPairs(np.where(same, 0.0, quantile * errors * unit), np.where(same, 1.0, p_value))


def _of_both(runs: RunSpread, unit: float) -> NDArray[np.float64]:
    """The variance over training runs of every difference, in squared units of whole numbers: (M, M)."""
    return (runs.variance[:, None] + runs.variance[None, :]) / unit**2


def run_differences(rows: Sequence[ArrayLike], confidence: float = 0.95) -> AllPairs:
    """All pairs of M rows by their means over training runs, each row with a spread of its own: Welch's t test.

    `rows`: M times float (k,), any k at least 1 each. A row of one run bounds nothing: nan, p = 1 with any other. Runs
    without any spread give p = 0 where the means differ. Raises ValueError for NaN, an empty row, and confidence
    outside (0, 1).
    """
    check_confidence(confidence)
    runs = [finite_vector(row, "rows") for row in rows]
    if any(not len(row) for row in runs):
        raise ValueError("rows: at least one run each, but got none")
    means = np.array([row.mean() for row in runs])
    parts = np.array([row.var(ddof=1) / len(row) if len(row) > 1 else math.nan for row in runs])
    weights = parts**2 / np.array([max(len(row) - 1, 1) for row in runs], dtype=np.float64)
    variance = parts[:, None] + parts[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):  # two rows without spread
        degrees = variance**2 / (weights[:, None] + weights[None, :])
    errors, ahead = np.sqrt(variance), means[:, None] - means[None, :]
    half_width = np.where(errors == 0, 0.0, -special.stdtrit(degrees, (1 - confidence) / 2) * errors)
    p_value = np.where(np.isnan(errors), 1.0, _t_p_value(ahead, errors, degrees))
    np.fill_diagonal(half_width, 0.0)
    np.fill_diagonal(p_value, 1.0)
    return AllPairs(half_width, p_value)


def _t_p_value(
    differences: NDArray[np.float64], errors: NDArray[np.float64], degrees: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Two-sided, for differences with these standard errors; without an error 0 where they differ, else 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = 2 * special.stdtr(degrees, -np.abs(differences / errors))
    return np.asarray(np.where(errors == 0, (differences == 0).astype(np.float64), np.minimum(p_value, 1.0)))
