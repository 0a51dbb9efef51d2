"""Margin: how sure a net is between its first and its second choice."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from benchmark.selection.example_scores import Floats, checked_probabilities


def margins(probabilities: ArrayLike) -> Floats:
    """The largest probability minus the second, float64 (N,) in [0, 1]; low is hard. No label is used.

    probabilities: (N, K), rows that are distributions. Source: Scheffer, Decomain and Wrobel (2001), "Active hidden
    Markov models for information extraction", as "margin" in Coleman et al. (2020), "Selection via proxy", where the
    lowest are kept. Raises ValueError for rows that are no distributions.
    """
    values = np.partition(checked_probabilities(probabilities), -2, axis=1)
    return np.asarray(values[:, -1] - values[:, -2])
