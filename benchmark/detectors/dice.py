"""DICE: energy of the logits from the most contributing weights alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.detectors.detector import Detector, Score, features_of
from benchmark.detectors.order_statistics import percentile_of
from benchmark.detectors.outputs import Fit
from benchmark.detectors.settings import Parameters, Range
from benchmark.detectors.shaped_activations import free_energy


class Dice(Detector):
    """Energy of the logits of a sparsified head; higher is more OOD.

    A weight stays where its mean contribution on training images (weight times mean feature) is above the given
    percentile of all contributions; the others are 0. OpenOOD takes 90 and tunes nothing.
    """

    name = "dice"
    source = "Sun and Li (2022), DICE: Leveraging sparsification for out-of-distribution detection"
    grid = tuple({"percentile": value} for value in (90, 70, 50, 30, 10))
    ranges = {"percentile": Range(0, 100)}
    needs_head = needs_features = True

    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        assert train.head is not None  # `needs_head` is checked before
        contributions = train.head.weight * features_of(train).mean(axis=0, dtype=np.float64)
        kept = contributions > percentile_of(contributions, parameters["percentile"])
        sparse = _SparseHead(np.where(kept, train.head.weight, 0.0), train.head.bias)
        return lambda _logits, features: free_energy(features, sparse)


@dataclass(frozen=True, eq=False)
class _SparseHead:
    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
