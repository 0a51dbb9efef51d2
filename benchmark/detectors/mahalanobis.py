"""Distances to class means in the metric of the training features: Mahalanobis, and relative Mahalanobis."""

from __future__ import annotations

import numpy as np

from benchmark.detectors.detector import Detector, Score, features_of
from benchmark.detectors.gaussian import fit_gaussians
from benchmark.detectors.outputs import Fit
from benchmark.detectors.settings import Parameters


class Mahalanobis(Detector):
    """Squared Mahalanobis distance to the nearest class mean, one covariance for all classes; higher is more OOD.

    We deviate: penultimate features alone, without the paper's input noise and its fit on OOD images across layers.
    Classes without a training image are left out; how a singular covariance is inverted: see `fit_gaussians`.
    """

    name = "mahalanobis"
    source = "Lee et al. (2018), A simple unified framework for detecting out-of-distribution samples, equation 2"
    needs_features = True

    def fitted_score(self, train: Fit, _parameters: Parameters, /) -> Score:
        classes = fit_gaussians(features_of(train), train.labels)
        return lambda _logits, features: classes.squared_distances(features)


class RelativeMahalanobis(Detector):
    """As `mahalanobis`, minus the squared distance to one Gaussian of all training images; higher is more OOD."""

    name = "relative_mahalanobis"
    source = "Ren et al. (2021), A simple fix to Mahalanobis distance for improving near-OOD detection"
    needs_features = True

    def fitted_score(self, train: Fit, _parameters: Parameters, /) -> Score:
        classes = fit_gaussians(features_of(train), train.labels)
        everything = fit_gaussians(features_of(train), np.zeros(len(train.labels), dtype=np.int64))
        return lambda _logits, features: classes.squared_distances(features) - everything.squared_distances(features)
