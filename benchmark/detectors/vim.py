"""ViM: the part of the features outside their principal subspace, as a virtual logit against the real ones."""

from __future__ import annotations

import numpy as np

from benchmark.detectors.detector import Detector, Floats, Score, features_of
from benchmark.detectors.outputs import Fit, row_blocks
from benchmark.detectors.settings import Parameters, Range
from benchmark.detectors.softmax import log_sum_exp

NO_RESIDUAL = 1e-6
"""A mean residual this small beside the features is what rounding them to float32 leaves."""


class VirtualLogit(Detector):
    """alpha times the norm of the residual, minus log sum exp of the logits; higher is more OOD.

    The residual is what is left of the features, seen from the point where the logits are closest to 0, outside the
    principal subspace of the training features; alpha makes its mean the mean largest logit. `principal_share`: the
    subspace's dimensions as a share of all, so that it is always a proper subspace; OpenOOD's 256 of 512 is .5, and
    its 1000 of 512 left no residual and all scores NaN. The paper's 1000 of 2048 and 512 of 768 are near .5 and .67.
    Training features without a residual (a constant net, many dead units) give alpha 0, so the energy alone.
    """

    name = "vim"
    source = "Wang et al. (2022), ViM: Out-of-distribution with virtual-logit matching"
    grid = tuple({"principal_share": value} for value in (0.5, 0.67, 0.25))
    ranges = {"principal_share": Range(0, 0.999)}
    needs_head = needs_features = True

    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        given, head = features_of(train), train.head
        assert head is not None  # `needs_head` is checked before
        origin = -np.linalg.pinv(head.weight) @ head.bias
        dimensions = given.shape[1]
        principal = min(int(parameters["principal_share"] * dimensions), dimensions - 1)
        scatter = np.zeros((dimensions, dimensions))
        for rows in row_blocks(len(given)):
            points = given[rows].astype(np.float64) - origin
            scatter += points.T @ points
        # eigh, in ascending order: eig of a symmetric matrix may answer in complex numbers.
        rest = np.linalg.eigh(scatter)[1][:, : dimensions - principal]
        norms = [residual(given[rows].astype(np.float64) - origin, rest) for rows in row_blocks(len(given))]
        mean = float(np.concatenate(norms).mean())
        if mean <= NO_RESIDUAL * np.sqrt(np.trace(scatter) / len(given)):
            alpha = 0.0
        else:
            alpha = float(train.logits.max(axis=1).mean(dtype=np.float64)) / mean
        return lambda logits, features: alpha * residual(features - origin, rest) - log_sum_exp(logits)


def residual(points: Floats, rest: Floats) -> Floats:
    """Norm of the part of points (n, D) in the subspace with orthonormal columns `rest` (D, R), float64 (n,)."""
    return np.asarray(np.linalg.norm(points @ rest, axis=1))
