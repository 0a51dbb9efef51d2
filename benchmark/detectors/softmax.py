"""Softmax quantities in the log domain, float64, so that very confident images stay apart.

In float64 the largest probability of an image rounds to exactly 1 once its logit leads by 37, and all such images
would tie. The logarithm of what is left keeps their order. Logits here are float64 (n, K) with K at least 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def log_odds_against_top(logits: Floats) -> Floats:
    """log((1 - p) / p) with p the largest softmax probability; (n,), falling in p, 0 at p = 1/2, always finite.

    Equal to the log of the sum over the other classes of exp(logit - top logit), which never forms 1 - p.
    """
    rows = np.arange(len(logits))
    top = logits.argmax(axis=1)
    others = logits.copy()
    others[rows, top] = -np.inf
    second = others.max(axis=1)
    return np.asarray(second - logits[rows, top] + np.log(np.exp(others - second[:, None]).sum(axis=1)))


def log_sum_exp(logits: Floats) -> Floats:
    """log of the sum over classes of exp(logit), (n,); never overflows."""
    return np.asarray(logits.max(axis=1) + np.log1p(np.exp(log_odds_against_top(logits))))


def log_probabilities(logits: Floats) -> Floats:
    """log softmax, (n, K), at most 0; exact to rounding also where a probability is within 1e-16 of 1."""
    rest = np.log1p(np.exp(log_odds_against_top(logits)))
    return np.asarray(logits - logits.max(axis=1)[:, None] - rest[:, None])


def log_complements(logits: Floats) -> Floats:
    """log(1 - softmax), (n, K), at most 0; finite for the largest class too."""
    odds = log_odds_against_top(logits)
    rows, top = np.arange(len(logits)), logits.argmax(axis=1)
    logs = log_probabilities(logits)
    logs[rows, top] = -np.inf  # a probability of the others is at most 1/2, so log1p loses nothing there
    complements = np.log1p(-np.exp(logs))
    complements[rows, top] = odds - np.log1p(np.exp(odds))
    return np.asarray(complements)
