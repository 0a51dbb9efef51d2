"""Stability of decisions: under small moves of the crop, and against noise of growing size."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def right_in_all(correct: ArrayLike) -> NDArray[np.bool_]:
    """Which images are right in every version: bool (N,); their share is in [0, 1], higher is better.

    `correct`: bool (versions, N). Raises ValueError for another dtype or shape and without a version.
    """
    answers = np.asarray(correct)
    if answers.dtype != np.bool_:
        raise ValueError(f"correct: bool, but got {answers.dtype}")
    return np.asarray(_versions(answers, "correct").all(axis=0))


def same_in_all(predicted: ArrayLike) -> NDArray[np.bool_]:
    """Which images get one class in every version, right or wrong: bool (N,); the share is in [0, 1].

    A constant model has 1, so it is no measure of quality alone. `predicted`: integer (versions, N).
    Raises ValueError for other dtypes and shapes and without a version.
    """
    classes = _predictions(predicted)
    return np.asarray((classes == classes[0]).all(axis=0))


def agreement_with_first(predicted: ArrayLike) -> NDArray[np.float64]:
    """Per image, the share of the other versions that get the class of the first: float64 (N,) in [0, 1].

    Its mean is the consistency of Shifman and Weiss (2024) and Zhang (2019) with every other version drawn equally
    often. nan where there is one version only. Arguments and errors as in `same_in_all`.
    """
    classes = _predictions(predicted)
    if len(classes) == 1:
        return np.full(classes.shape[1], math.nan)
    return np.asarray((classes[1:] == classes[0]).mean(axis=0))


def first_fall(levels: ArrayLike, heights: ArrayLike) -> float:
    """The level from 0 up at which a curve first falls to 0, in the unit of the levels; higher is better.

    The curve runs straight between the points (levels[k], heights[k]). 0 where it starts at 0 or below; the last level
    where it never falls, which is then a lower bound. nan where a height is nan.
    `levels`: float (L,), rising from 0. `heights`: float (L,). Raises ValueError for other levels and unequal lengths.
    """
    rising, curve = _curve(levels, heights)
    if np.isnan(curve).any():
        return math.nan
    down = np.flatnonzero(curve <= 0)
    if len(down) == 0:
        return float(rising[-1])
    return _zero_between(rising, curve, int(down[0]) - 1) if down[0] else 0.0


def last_fall(levels: ArrayLike, heights: ArrayLike) -> float:
    """The level from which on a curve stays at 0 or below, in the unit of the levels: above or at `first_fall`.

    The last level where the curve ends above 0; 0 where it is never above. Otherwise as `first_fall`.
    """
    rising, curve = _curve(levels, heights)
    if np.isnan(curve).any():
        return math.nan
    above = np.flatnonzero(curve > 0)
    if len(above) == 0:
        return 0.0
    return float(rising[-1]) if above[-1] == len(curve) - 1 else _zero_between(rising, curve, int(above[-1]))


def noise_threshold(noise_sds: ArrayLike, accuracies: ArrayLike, clean_accuracy: float, chance: float) -> float:
    """The noise at which accuracy first falls half-way from the clean accuracy to chance; higher is better.

    In the unit of the noise, interpolated between the levels tested; the highest level where accuracy never falls so
    far (a lower bound). Relative to the model's own clean accuracy, so a weak model may tolerate much noise: read it
    beside clean accuracy. nan where the clean accuracy is not above chance, since there is nothing to lose.
    `noise_sds`: float (L,), rising, above 0. `accuracies`: float (L,) in [0, 1]. `chance`: what a constant model has.
    Subramanian et al. (2023) take a fixed accuracy of one half instead, which fails for models that have less without
    noise. Raises ValueError for unequal lengths, levels that do not rise, and accuracies outside [0, 1].
    """
    levels, with_noise = np.asarray(noise_sds, dtype=np.float64), np.asarray(accuracies, dtype=np.float64)
    everything = np.array([*with_noise, clean_accuracy, chance])
    if wrong := [value for value in everything if not (math.isnan(value) or 0 <= value <= 1)]:
        raise ValueError(f"accuracies: fractions in [0, 1], but got {wrong[0]}")
    if math.isnan(clean_accuracy) or clean_accuracy <= chance:
        return math.nan
    half_way = (clean_accuracy + chance) / 2
    return first_fall([0.0, *levels], np.array([clean_accuracy, *with_noise]) - half_way)


def _versions(table: NDArray, name: str) -> NDArray:
    if table.ndim != 2 or len(table) == 0:
        raise ValueError(f"{name}: versions by images, at least one version, but got shape {table.shape}")
    return table


def _predictions(predicted: ArrayLike) -> NDArray:
    classes = np.asarray(predicted)
    if not np.issubdtype(classes.dtype, np.integer):
        raise ValueError(f"predicted: integers, but got {classes.dtype}")
    return _versions(classes, "predicted")


def _curve(levels: ArrayLike, heights: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rising, curve = np.asarray(levels, dtype=np.float64), np.asarray(heights, dtype=np.float64)
    if rising.ndim != 1 or len(rising) == 0 or rising[0] != 0 or not (np.diff(rising) > 0).all():
        raise ValueError(f"levels: rising from 0, but got {rising.tolist()}")
    if curve.shape != rising.shape:
        raise ValueError(f"heights: {len(rising)} like levels, but got shape {curve.shape}")
    return rising, curve


def _zero_between(levels: NDArray[np.float64], heights: NDArray[np.float64], left: int) -> float:
    """Where the line from point `left`, above 0, to the next one, at or below 0, meets 0."""
    share = heights[left] / (heights[left] - heights[left + 1])
    return float(levels[left] + share * (levels[left + 1] - levels[left]))
