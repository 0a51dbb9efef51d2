"""Detectors that are one formula on the logits of one image: MSP, maximum logit, energy, entropy."""

from __future__ import annotations

import numpy as np

from benchmark.detectors.detector import Detector, Floats, Score
from benchmark.detectors.outputs import Fit
from benchmark.detectors.settings import Parameters
from benchmark.detectors.softmax import log_odds_against_top, log_probabilities, log_sum_exp


class MaximumSoftmax(Detector):
    """Log odds against the largest softmax probability, a rising function of 1 - p; higher is more OOD.

    1 - p itself would tie all images whose p rounds to 1.
    """

    name = "msp"
    source = "Hendrycks and Gimpel (2017), A baseline for detecting misclassified and out-of-distribution examples"

    def fitted_score(self, _train: Fit, _parameters: Parameters, /) -> Score:
        return lambda logits, _features: log_odds_against_top(logits)


class MaximumLogit(Detector):
    """The negative of the largest logit; higher is more OOD."""

    name = "max_logit"
    source = "Hendrycks et al. (2022), Scaling out-of-distribution detection for real-world settings"

    def fitted_score(self, _train: Fit, _parameters: Parameters, /) -> Score:
        return lambda logits, _features: -logits.max(axis=1)


class Energy(Detector):
    """Free energy, the negative of log sum exp of the logits, at temperature 1; higher is more OOD."""

    name = "energy"
    source = "Liu et al. (2020), Energy-based out-of-distribution detection"

    def fitted_score(self, _train: Fit, _parameters: Parameters, /) -> Score:
        return lambda logits, _features: -log_sum_exp(logits)


class Entropy(Detector):
    """Entropy of the softmax in nats, 0 to log K; higher is more OOD."""

    name = "entropy"
    source = "Shannon entropy of the softmax, a baseline of many papers"

    def fitted_score(self, _train: Fit, _parameters: Parameters, /) -> Score:
        return lambda logits, _features: _entropy(logits)


def _entropy(logits: Floats) -> Floats:
    logs = log_probabilities(logits)
    return np.asarray(-(np.exp(logs) * logs).sum(axis=1))
