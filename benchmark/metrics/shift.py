"""Accuracy under a natural shift against what the accuracy on the original test set lets one expect."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats


class LogitLine(NamedTuple):
    """A baseline: logit of the shifted accuracy = slope x logit of the ID accuracy + intercept.

    `r_squared` in [0, 1] and `models`, how many were fitted, where the line was fitted here.
    """

    slope: float
    intercept: float
    r_squared: float | None = None
    models: int | None = None

    def expected(self, id_accuracy: float) -> float:
        """The shifted accuracy on the line, in [0, 1]; at 0 and 1 the limit. ValueError outside [0, 1]."""
        if not 0 <= id_accuracy <= 1:
            raise ValueError(f"id_accuracy: a fraction in [0, 1], but got {id_accuracy}")
        return float(special.expit(self.slope * special.logit(id_accuracy) + self.intercept))


def fit_logit_line(
    id_accuracies: ArrayLike,
    shifted_accuracies: ArrayLike,
    id_images: int | None = None,
    shifted_images: int | None = None,
) -> LogitLine:
    """Least-squares line of shifted on ID accuracy, both as logits, over models that set the baseline.

    `id_accuracies`, `shifted_accuracies`: float (K,) in [0, 1], one a model. Accuracies of 0 and 1 have no logit: with
    the number of test images n they are moved to .5 / n and 1 - .5 / n (half an image), without it they are refused.
    Source: Taori et al. (2020), "Measuring robustness to natural distribution shifts in image classification".
    Raises ValueError for fewer than two different ID accuracies, unequal lengths, values outside [0, 1] and NaN.
    """
    original = _within(_accuracies(id_accuracies, "id_accuracies"), id_images, "id_accuracies")
    shifted = _within(_accuracies(shifted_accuracies, "shifted_accuracies"), shifted_images, "shifted_accuracies")
    if len(original) != len(shifted):
        raise ValueError(f"shifted_accuracies: {len(original)} values like id_accuracies, but got {len(shifted)}")
    if len(np.unique(original)) < 2:
        raise ValueError(f"id_accuracies: at least two different ones, but got {len(original)} equal")
    fit = stats.linregress(special.logit(original), special.logit(shifted))
    return LogitLine(float(fit.slope), float(fit.intercept), float(fit.rvalue**2), len(original))


def effective_robustness(
    line: LogitLine, id_accuracy: float, shifted_accuracy: float, id_images: int | None = None
) -> float:
    """Shifted accuracy above the baseline, a difference of fractions in [-1, 1]; higher is better, 0 is the line.

    shifted_accuracy - line.expected(id_accuracy). An ID accuracy of 0 or 1 is moved by half an image as in
    `fit_logit_line` (`id_images`: the size of the ID test set), since the line says nothing there; without
    `id_images` it is refused. The shifted accuracy is used as it is. Source as there. Raises ValueError
    for accuracies outside [0, 1] and NaN.
    """
    original = _within(_accuracies([id_accuracy], "id_accuracy"), id_images, "id_accuracy")
    shifted = _accuracies([shifted_accuracy], "shifted_accuracy")
    return float(shifted[0]) - line.expected(float(original[0]))


def _accuracies(values: ArrayLike, name: str) -> NDArray[np.float64]:
    accuracies = np.asarray(values, dtype=np.float64)
    if accuracies.ndim != 1:
        raise ValueError(f"{name}: one axis, but got shape {accuracies.shape}")
    if len(wrong := np.flatnonzero(~((accuracies >= 0) & (accuracies <= 1)))):
        raise ValueError(f"{name}: fractions in [0, 1], but got {accuracies[wrong[0]]} at position {wrong[0]}")
    return accuracies


def _within(accuracies: NDArray[np.float64], images: int | None, name: str) -> NDArray[np.float64]:
    """The accuracies moved off 0 and 1 by half an image of `images`."""
    if images is not None:
        if images < 1:
            raise ValueError(f"{name}: at least 1 test image, but got {images}")
        return np.clip(accuracies, 0.5 / images, 1 - 0.5 / images)
    if len(wrong := np.flatnonzero((accuracies == 0) | (accuracies == 1))):
        raise ValueError(
            f"{name}: between 0 and 1, both excluded, where the number of test images is not given, "
            f"but got {accuracies[wrong[0]]:g} at position {wrong[0]}"
        )
    return accuracies
