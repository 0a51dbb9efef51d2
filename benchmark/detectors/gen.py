"""GEN: generalized entropy of the largest softmax probabilities."""

from __future__ import annotations

import numpy as np

from benchmark.detectors.detector import Detector, Floats, Score
from benchmark.detectors.outputs import Fit
from benchmark.detectors.settings import Parameters, Range
from benchmark.detectors.softmax import log_complements, log_probabilities


class GeneralizedEntropy(Detector):
    """log of the sum over the `top` largest probabilities p of (p (1 - p))^gamma; higher is more OOD.

    The logarithm, a rising function, keeps images apart whose 1 - p rounds to 0. `top` above the number of classes
    means all of them; the default 100 is the paper's for ImageNet. The grid is OpenOOD's.
    """

    name = "gen"
    source = "Liu, Lochman and Zach (2023), GEN: Pushing the limits of softmax-based out-of-distribution detection"
    grid = tuple(
        {"gamma": gamma, "top": top} for top in (100, 10, 50, 200, 500, 1000) for gamma in (0.1, 0.01, 0.5, 1, 2, 5, 10)
    )
    ranges = {"gamma": Range(1e-3, 100), "top": Range(1, 1_000_000, whole=True)}

    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        gamma, top = parameters["gamma"], min(int(parameters["top"]), train.classes)

        def score(logits: Floats, _features: Floats) -> Floats:
            terms = gamma * (log_probabilities(logits) + log_complements(logits))
            order = np.argsort(-logits, axis=1, kind="stable")[:, :top]
            terms = np.take_along_axis(terms, order, axis=1)
            largest = terms.max(axis=1)
            return np.asarray(largest + np.log(np.exp(terms - largest[:, None]).sum(axis=1)))

        return score
