"""Scores with their intervals, the way every protocol states them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from benchmark.documents import Score
from benchmark.statistics import Interval, mean_interval, runs_and_images_interval, wilson_interval

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


def mean_score(per_image: np.ndarray, confidence: float = CONFIDENCE) -> Score:
    """The mean of per-image scores in [0, 1], with its interval over test images; per_image: (N,)."""
    interval = mean_interval(per_image, confidence)
    return interval_score(float(per_image.mean()), interval, len(per_image), confidence=confidence)


def runs_and_images_score(per_run: np.ndarray, confidence: float = CONFIDENCE) -> Score:
    """A mean over training runs and test images, in [0, 1], with an interval over both, inside [0, 1].

    per_run: bool or float (k, N), each run's share of each image. One run has an interval over test images alone.
    """
    if len(per_run) == 1:
        return mean_score(per_run[0], confidence)
    interval = runs_and_images_interval(per_run, confidence)
    inside = Interval(max(interval.lower, 0.0), min(interval.upper, 1.0)) if np.isfinite(interval).all() else interval
    return interval_score(float(per_run.mean()), inside, per_run.shape[1], "both", confidence)


def proportion_score(hits: np.ndarray) -> Score:
    """The share of hits, with Wilson's interval; hits: bool (N,)."""
    interval = wilson_interval(int(hits.sum()), len(hits), CONFIDENCE)
    return interval_score(float(hits.mean()), interval, len(hits))


def anchor_cells(anchors: Mapping[str, np.ndarray | None]) -> dict[str, dict[str, float]]:
    """What scores are set against, `anchor:<arm>`: the mean accuracy of an arm's nets and their number.

    anchors: by arm, accuracies float64 (k,) in [0, 1]; arms without any are left out.
    """
    return {
        f"anchor:{arm}": {"accuracy": float(accuracies.mean()), "runs": float(len(accuracies))}
        for arm, accuracies in anchors.items()
        if accuracies is not None
    }
