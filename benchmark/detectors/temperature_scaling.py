"""MSP of logits divided by the temperature at which held-out labels are likeliest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from benchmark.detectors.detector import Detector, Score
from benchmark.detectors.outputs import Fit, row_blocks
from benchmark.detectors.settings import Parameters
from benchmark.detectors.softmax import log_odds_against_top

LOWEST, HIGHEST = 0.05, 20.0
"""Bounds of the temperature: without them a net that makes no error would be given temperature 0."""


class TemperatureScaling(Detector):
    """Log odds against the largest softmax probability at the fitted temperature; higher is more OOD.

    The temperature minimizes the negative log-likelihood of the validation labels, or of the training labels where
    there are none (see `Fit`).
    """

    name = "temperature_scaling"
    source = "Guo et al. (2017), On calibration of modern neural networks, section 4.2"

    def fitted_score(self, train: Fit, _parameters: Parameters, /) -> Score:
        temperature = likeliest_temperature(train.calibration_logits, train.calibration_labels)
        return lambda logits, _features: log_odds_against_top(logits / temperature)


def likeliest_temperature(logits: NDArray[np.floating], labels: NDArray[np.integer]) -> float:
    """The temperature in `LOWEST`..`HIGHEST` with the smallest negative log-likelihood; 1 where it makes no difference.

    logits: float (N, K). labels: integers (N,). The likelihood is concave in 1 / temperature, so the root of its
    slope is the one optimum, and bisection finds it to the last digits (OpenOOD's LBFGS stops short of it).
    """

    def slope(inverse: float) -> float:
        total = 0.0
        for rows in row_blocks(len(logits)):
            shifted = logits[rows].astype(np.float64)
            shifted -= shifted.max(axis=1, keepdims=True)
            weights = np.exp(inverse * shifted)
            expected = (weights * shifted).sum(axis=1) / weights.sum(axis=1)
            total += float((expected - shifted[np.arange(len(shifted)), labels[rows]]).sum())
        return total / len(logits)

    if slope(1 / HIGHEST) == slope(1 / LOWEST) == 0:
        return 1.0
    if slope(1 / HIGHEST) >= 0:
        return HIGHEST
    if slope(1 / LOWEST) <= 0:
        return LOWEST
    return 1 / float(brentq(slope, 1 / HIGHEST, 1 / LOWEST, xtol=1e-15, rtol=1e-14))
