"""EL2N: how far a net's answer is from the label, early in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmark.selection.example_scores import Floats, checked_labels, checked_probabilities


def el2n(probabilities: ArrayLike, labels: ArrayLike) -> Floats:
    """Length of the error vector, mean over nets: float64 (N,) in [0, sqrt 2]; high is hard.

    probabilities: (nets, N, K), or (N, K) of one net; rows that are distributions, of nets early in training. labels:
    integers (N,). Source: Paul, Ganguli and Dziugaite (2021), "Deep learning on a data diet", section 2.2, where ten
    nets are averaged and the hardest images kept. Raises ValueError as the checks of the arrays do, and without a net.
    """
    nets = np.asarray(probabilities)
    if nets.ndim == 2:
        nets = nets[None]
    if nets.ndim != 3 or len(nets) == 0:
        raise ValueError(f"probabilities: (nets, N, K) of at least one net, but got the shape {nets.shape}")
    truth = np.eye(nets.shape[2])[checked_labels(labels, nets.shape[2])]
    errors = [np.linalg.norm(checked_probabilities(net, len(truth)) - truth, axis=1) for net in nets]
    return np.asarray(np.mean(errors, axis=0))
