"""SHE: likeness of an image's features to the stored pattern of the class it is predicted as."""

from __future__ import annotations

import numpy as np

from benchmark.detectors.detector import Detector, Floats, Score, features_of
from benchmark.detectors.outputs import Fit
from benchmark.detectors.settings import Parameters


class SimplifiedHopfield(Detector):
    """The negative inner product of features and pattern of the predicted class; higher is more OOD.

    The pattern of a class is the mean of its training features that are classified right; where none is, of all
    its training features; of all training features for a class without an image.
    """

    name = "she"
    source = "Zhang et al. (2023), Out-of-distribution detection based on in-distribution data patterns memorization"
    needs_features = True

    def fitted_score(self, train: Fit, _parameters: Parameters, /) -> Score:
        given = features_of(train)
        right = train.logits.argmax(axis=1) == train.labels
        patterns = np.empty((train.classes, given.shape[1]))
        for kind in range(train.classes):
            member = train.labels == kind
            chosen = next((rows for rows in (member & right, member) if rows.any()), np.full(len(given), True))
            patterns[kind] = given[chosen].mean(axis=0, dtype=np.float64)

        def score(logits: Floats, features: Floats) -> Floats:
            return np.asarray(-np.einsum("nd,nd->n", features, patterns[logits.argmax(axis=1)]))

        return score
