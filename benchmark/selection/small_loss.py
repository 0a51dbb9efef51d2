"""Small loss: trust the images whose label a net finds likely."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.selection.example_scores import Floats, checked_labels, checked_probabilities, lowest_by_class


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


def trusted(losses: ArrayLike, labels: ArrayLike, kept: float, seed: int) -> NDArray[np.bool_]:
    """Whether an image is among the share of its label with the smallest losses: bool (N,).

    losses: real numbers (N,), infinity allowed. labels: integers (N,) >= 0. kept: the share, 0 to 1, rounded down to
    whole images; one minus the rate of wrong labels in Han et al. (2018), who know that rate. Of equal losses at the
    cut, random ones. Raises ValueError for NaN, lengths that differ and a share outside 0..1.
    """
    if not 0 <= kept <= 1:
        raise ValueError(f"kept is a share, 0 to 1, but got {kept}")
    values, classes = np.asarray(losses, dtype=np.float64), np.asarray(labels)
    mask = np.zeros(len(classes), dtype=bool)
    order = lowest_by_class(values, classes, len(classes), seed)  # every image, class by class, smallest first
    for label in np.unique(classes):
        members = order[classes[order] == label]
        mask[members[: int(kept * len(members))]] = True
    return mask
