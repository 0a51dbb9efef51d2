"""fDBD: how far features are from the decision boundaries, relative to their distance from the training mean."""

from __future__ import annotations

import numpy as np

from benchmark.detectors.detector import Detector, Floats, Score, features_of
from benchmark.detectors.outputs import Fit
from benchmark.detectors.settings import Parameters

SMALLEST_DISTANCE = 1e-12


class DecisionBoundaryDistance(Detector):
    """The negative mean distance to the boundaries with the other classes over the distance to the training mean.

    Higher is more OOD. Two classes with equal weights have no boundary: their distance counts as 0.
    """

    name = "fdbd"
    source = "Liu and Qin (2024), Fast decision boundary based out-of-distribution detector"
    needs_head = needs_features = True

    def fitted_score(self, train: Fit, _parameters: Parameters, /) -> Score:
        assert train.head is not None  # `needs_head` is checked before
        weight = train.head.weight
        apart = np.array([np.linalg.norm(weight - row, axis=1) for row in weight])
        centre = features_of(train).mean(axis=0, dtype=np.float64)

        def score(logits: Floats, features: Floats) -> Floats:
            gaps = logits.max(axis=1)[:, None] - logits
            norms = apart[logits.argmax(axis=1)]
            distances = np.divide(gaps, norms, out=np.zeros_like(gaps), where=norms > 0)
            from_centre = np.maximum(np.linalg.norm(features - centre, axis=1), SMALLEST_DISTANCE)
            return np.asarray(-distances.sum(axis=1) / ((train.classes - 1) * from_centre))

        return score
