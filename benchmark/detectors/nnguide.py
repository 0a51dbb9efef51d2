"""NNGuide: the energy of an image, guided by its likeness to confident training images."""

from __future__ import annotations

import numpy as np

from benchmark.detectors.detector import Detector, Floats, Score, features_of
from benchmark.detectors.knn import neighbours_within
from benchmark.detectors.neighbours import Bank
from benchmark.detectors.outputs import Fit, row_blocks
from benchmark.detectors.settings import Parameters, Range
from benchmark.detectors.softmax import log_sum_exp


class NeighbourGuidance(Detector):
    """Minus log sum exp of the logits times the mean of the k largest guiding products; higher is more OOD.

    A guiding product is the inner product of the image's unit features with those of a training image, times that
    image's log sum exp. All training images guide (the paper draws 1 % of ImageNet's, of which it takes 10).
    """

    name = "nnguide"
    source = "Park, Jung and Teoh (2023), Nearest neighbor guidance for out-of-distribution detection"
    grid = tuple({"k": k} for k in (10, 50, 100))
    ranges = {"k": Range(1, 1_000_000, whole=True)}
    needs_features = True

    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        k = neighbours_within(self.name, parameters, train)
        energies = [log_sum_exp(train.logits[rows].astype(np.float64)) for rows in row_blocks(len(train.logits))]
        bank = Bank(features_of(train), k, np.concatenate(energies))

        def score(logits: Floats, features: Floats) -> Floats:
            return -log_sum_exp(logits) * bank.mean_of_largest_products(features)

        return score
