"""KL matching: how far an image's softmax is from the typical softmax of every class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.detectors.detector import Detector, Floats, Score
from benchmark.detectors.outputs import Fit, row_blocks
from benchmark.detectors.settings import Parameters
from benchmark.detectors.softmax import log_probabilities


class KLMatching(Detector):
    """Smallest divergence KL(softmax of the image, typical softmax of a class) in nats, from 0; higher is more OOD.

    The typical softmax of a class is the mean over the validation images predicted as that class, as in the paper
    and OpenOOD, or over training images where there are none (see `Fit`); classes that are never predicted are left
    out.
    """

    name = "kl_matching"
    source = "Hendrycks et al. (2022), Scaling out-of-distribution detection for real-world settings"

    def fitted_score(self, train: Fit, _parameters: Parameters, /) -> Score:
        typical = log_typical_softmax(train.calibration_logits)

        def score(logits: Floats, _features: Floats) -> Floats:
            logs = log_probabilities(logits)
            probabilities = np.exp(logs)
            nearest = (probabilities @ typical.T).argmax(axis=1)
            # Term by term, so that a divergence near 0 is not the difference of two large sums.
            return np.asarray((probabilities * (logs - typical[nearest])).sum(axis=1))

        return score


def log_typical_softmax(logits: NDArray[np.floating]) -> Floats:
    """log of the mean softmax of the images predicted as each class, float64 (classes predicted, K); finite."""
    predicted = logits.argmax(axis=1)
    rows = []
    for kind in np.unique(predicted):
        members = np.flatnonzero(predicted == kind)
        total = np.full(logits.shape[1], -np.inf)
        for block in row_blocks(len(members)):
            part = log_probabilities(logits[members[block]].astype(np.float64))
            total = np.logaddexp(total, np.logaddexp.reduce(part, axis=0))
        rows.append(total - np.log(len(members)))
    return np.array(rows)
