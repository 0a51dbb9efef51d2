"""Forgetting: how often an image that was learned is lost again during training."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmark.selection.example_scores import Floats


def forgetting_events(right: ArrayLike) -> Floats:
    """Times that an image goes from right to wrong, float64 (N,); infinity for one that is never right. High is hard.

    right: bool (looks, N), whether the net in training classified the image as labelled, look after look. Source:
    Toneva et al. (2019), "An empirical study of example forgetting during deep neural network learning", section 3,
    where a look is the image's own batch in each epoch. Raises ValueError for another type or shape, and without a
    look.
    """
    looks = np.asarray(right)
    if looks.dtype != bool or looks.ndim != 2 or len(looks) == 0:
        raise ValueError(f"right: bool (looks, N) with at least one look, but got {looks.dtype} {looks.shape}")
    events = (looks[:-1] & ~looks[1:]).sum(axis=0).astype(np.float64)
    return np.where(looks.any(axis=0), events, np.inf)
