"""Small loss: trust the images whose label a net finds likely."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmark.selection.example_scores import Floats, checked_labels, checked_probabilities


def label_losses(probabilities: ArrayLike, labels: ArrayLike) -> Floats:
    """Cross-entropy of each image's label, float64 (N,) in [0, infinity] nats; low is trusted.

    probabilities: (N, K), rows that are distributions, from a net that has not seen the image (it would remember
    wrong labels). labels: integers (N,). Source: the small-loss rule of Jiang et al. (2018), "MentorNet", and Han et
    al. (2018), "Co-teaching", as one filter before training. Raises ValueError as the checks of the arrays do.
    """
    values = checked_probabilities(probabilities, len(np.asarray(labels)))
    chosen = values[np.arange(len(values)), checked_labels(labels, values.shape[1])]
    with np.errstate(divide="ignore"):
        return -np.log(np.minimum(chosen, 1.0))
