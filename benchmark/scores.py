"""Scores with their intervals, the way every protocol states them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from benchmark.documents import Score
from benchmark.statistics import Interval, mean_interval, wilson_interval

CONFIDENCE = 0.95


def interval_score(
    value: float,
    interval: Interval,
    n: int,
    covers: Literal["test images", "training runs", "both"] = "test images",
    confidence: float = CONFIDENCE,
) -> Score:
    """A score with a given interval; a missing interval (nan) leaves a bare value."""
    if not (np.isfinite(interval.lower) and np.isfinite(interval.upper)):
        return Score(value=float(value), n=n)
    lower, upper = float(interval.lower), float(interval.upper)
    return Score(value=float(value), lower=lower, upper=upper, covers=covers, confidence=confidence, n=n)


def mean_score(per_image: np.ndarray) -> Score:
    """The mean of per-image scores in [0, 1], with its interval over test images; per_image: (N,)."""
    return interval_score(float(per_image.mean()), mean_interval(per_image, CONFIDENCE), len(per_image))


def proportion_score(hits: np.ndarray) -> Score:
    """The share of hits, with Wilson's interval; hits: bool (N,)."""
    interval = wilson_interval(int(hits.sum()), len(hits), CONFIDENCE)
    return interval_score(float(hits.mean()), interval, len(hits))
