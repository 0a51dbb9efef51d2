"""The worst group of a method from several training runs: the lowest of the means over runs, with its interval."""

from __future__ import annotations

import math

import numpy as np

from benchmark.documents import Score
from benchmark.scores import CONFIDENCE, interval_score
from benchmark.statistics import Interval, weighted_mean_interval
from benchmark.statistics.interval import student_quantile
from tasks.subgroup.grouping import GroupWeights


def worst_over_runs(correct: np.ndarray, groups: GroupWeights, disjoint: int) -> Score:
    """The lowest class-standardized accuracy of the groups, each a mean over runs, over runs and test images together.

    correct: bool (k, N), two runs or more. The mean of each run's own worst group would be lower: every run has bad
    luck somewhere. disjoint: how many groups share no image.

    The interval runs from the lowest lower to the lowest upper end of intervals that hold for all groups together. The
    distance to an end is the root of two squares: that over images, from each image's mean over runs, and Student's t
    times the standard error over runs. Runs differ in all groups about alike, so the variance over runs is pooled over
    groups; groups without a common image count as separate looks at it, which gives (k - 1) x disjoint degrees.
    """
    k, n = correct.shape
    of_runs = correct @ groups.weights.T
    means, per_image = of_runs.mean(axis=0), correct.mean(axis=0)
    each = CONFIDENCE ** (1 / len(means))
    error = math.sqrt(float(of_runs.var(axis=0, ddof=1).mean()) / k)
    spread = student_quantile(each, (k - 1) * disjoint) * error
    lower, upper = [], []
    for mean, weights in zip(means, groups.weights, strict=True):
        interval = weighted_mean_interval(per_image, weights, groups.labels, each)
        lower.append(max(0.0, mean - math.hypot(mean - interval.lower, spread)))
        upper.append(min(1.0, mean + math.hypot(interval.upper - mean, spread)))
    return interval_score(float(means.min()), Interval(min(lower), min(upper)), n, covers="both")
