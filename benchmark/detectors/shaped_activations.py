"""Detectors that change the penultimate features and take the energy of the logits they give: ReAct, ASH, SCALE."""

from __future__ import annotations

import numpy as np

from benchmark.detectors.detector import Detector, Floats, Score, features_of
from benchmark.detectors.order_statistics import largest_of_each_row, percentile_of
from benchmark.detectors.outputs import Fit, Head
from benchmark.detectors.settings import Parameters, Range
from benchmark.detectors.softmax import log_sum_exp

PERCENTILES = tuple({"percentile": value} for value in (90, 65, 70, 75, 80, 85, 95))


def free_energy(features: Floats, head: Head | None) -> Floats:
    """The negative of log sum exp of the logits that the head gives; higher is more OOD."""
    assert head is not None  # `Detector.needs_head` is checked before
    return -log_sum_exp(features @ head.weight.T + head.bias)


class ReAct(Detector):
    """Energy of the features clipped from above at a percentile of all training activations; higher is more OOD."""

    name = "react"
    source = "Sun, Guo and Li (2021), ReAct: Out-of-distribution detection with rectified activations"
    grid = tuple({"percentile": value} for value in (90, 85, 95, 99))
    ranges = {"percentile": Range(0, 100)}
    needs_head = needs_features = True

    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        ceiling = percentile_of(features_of(train), parameters["percentile"])
        return lambda _logits, features: free_energy(np.minimum(features, ceiling), train.head)


class Ash(Detector):
    """Energy of ASH-B features; higher is more OOD.

    The largest features of an image, all but `percentile` percent, become their common mean of the sum of all, and
    the others 0. ASH-B is the variant of OpenOOD's tables. We deviate: it acts on the pooled features, where the
    paper's code acts on the feature maps before pooling; and features that are 0 stay 0, where in images with few
    active ones the paper's code gives the common value to silent ones that its sorting happens to choose.
    """

    name = "ash"
    source = "Djurisic et al. (2023), Extremely simple activation shaping for out-of-distribution detection"
    grid = PERCENTILES
    ranges = {"percentile": Range(0, 100)}
    needs_head = needs_features = True

    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        def score(_logits: Floats, features: Floats) -> Floats:
            count = kept(features.shape[1], parameters["percentile"])
            common = features.sum(axis=1, keepdims=True) / count
            return free_energy(
                np.where(largest_of_each_row(features, count) & (features != 0), common, 0.0), train.head
            )

        return score


class Scale(Detector):
    """Energy of the features times exp(sum of all / sum of the largest), image by image; higher is more OOD.

    The largest are all but `percentile` percent. Sums run over positive features: the same for features behind a
    ReLU, and for others no division by a sum near 0 (our deviation). No positive feature: nothing changes. Pooled
    features, as for `ash`.
    """

    name = "scale"
    source = "Xu et al. (2024), Scaling for training time and post-hoc out-of-distribution detection enhancement"
    grid = PERCENTILES
    ranges = {"percentile": Range(0, 100)}
    needs_head = needs_features = True

    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        def score(_logits: Floats, features: Floats) -> Floats:
            positive = np.maximum(features, 0.0)
            largest = largest_of_each_row(positive, kept(features.shape[1], parameters["percentile"]))
            part = np.where(largest, positive, 0.0).sum(axis=1)
            ratio = np.divide(positive.sum(axis=1), part, out=np.zeros(len(part)), where=part > 0)
            return free_energy(features * np.exp(ratio)[:, None], train.head)

        return score


def kept(dimensions: int, percentile: float) -> int:
    """How many of an image's features stay when `percentile` percent of them are pruned; at least 1."""
    return max(1, dimensions - round(dimensions * percentile / 100))
