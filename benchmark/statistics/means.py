"""Intervals of a mean over base images, and of a mean over training runs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.statistics.interval import Interval, check_confidence, student_quantile
from benchmark.statistics.proportion import wilson_interval


def finite_vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """`values` as float64 (N,); raises ValueError for another shape and for NaN or infinity."""
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise ValueError(f"{name}: one axis, but got shape {vector.shape}")
    if not np.isfinite(vector).all():
        raise ValueError(f"{name}: finite numbers, but got NaN or infinity")
    return vector


def mean_interval(per_image: ArrayLike, confidence: float = 0.95) -> Interval:
    """Interval of the mean of per-image scores over draws of test images, inside [0, 1].

    `per_image`: float, integer or bool (N,), each in [0, 1]: one number for each base image, in which all its
    versions (75 corrupted cells, 9 crops, 10 backgrounds) are averaged already. The base image is the unit that
    is drawn; versions of one image are not independent, and counting them as such makes the interval 3 to 5
    times too short.

    Wilson's interval with an effective number of images n / d, where the design effect d is the variance of
    the scores over that of right-or-wrong scores of the same mean (Korn and Graubard 1998, "Confidence
    intervals for proportions with small expected number of positive counts estimated from survey data").
    Scores that are all 0 or 1 give d = 1, so plain Wilson, exactly. We deviate in one point: d is estimated with
    one imagined image of the largest possible variance added, so that a few images that happen to agree do not
    give a length of zero.

    No image gives (0, 1). Raises ValueError for scores outside [0, 1], NaN, and another shape.
    """
    scores = finite_vector(per_image, "per_image")
    check_confidence(confidence)
    n = len(scores)
    if n == 0:
        return Interval(0.0, 1.0)
    if scores.min() < 0 or scores.max() > 1:
        raise ValueError(f"per_image: scores in [0, 1], but got {scores.min()} to {scores.max()}")
    mean = float(scores.mean())
    largest_variance = mean * (1 - mean)
    if scores.min() == scores.max() and mean in (0.0, 1.0):
        return wilson_interval(mean * n, n, confidence)
    squares = float(((scores - mean) ** 2).sum())
    design_effect = (squares + largest_variance) / ((n + 1) * largest_variance)
    images = n / design_effect
    return wilson_interval(mean * images, images, confidence)


def replicate_interval(run_scores: ArrayLike, confidence: float = 0.95) -> Interval:
    """Interval of the mean over training runs, in the unit of the scores; Student t with k - 1 degrees.

    `run_scores`: float (k,), one score for each training run, all on the same test images, so the interval
    covers training runs and not test images. One run or none gives (nan, nan): nothing says how much a second
    run would differ. The mean +- one standard deviation of 3 runs is not an interval; the factor is 4.30 / sqrt 3.
    """
    scores = finite_vector(run_scores, "run_scores")
    check_confidence(confidence)
    k = len(scores)
    if k < 2:
        return Interval(math.nan, math.nan)
    half = student_quantile(confidence, k - 1) * float(scores.std(ddof=1)) / math.sqrt(k)
    mean = float(scores.mean())
    return Interval(mean - half, mean + half)


def runs_and_images_interval(scores: ArrayLike, confidence: float = 0.95) -> Interval:
    """Interval of the mean over training runs and over test images together, in the unit of the scores.

    `scores`: (k, N), k training runs on the same N images. The variance is that of the run means over k plus
    that of the image means over N; what run and image share is counted in both, which errs on the long side.
    Degrees of freedom after Satterthwaite (1946), "An approximate distribution of estimates of variance
    components". Fewer than two runs or two images give (nan, nan). Raises ValueError for NaN and other shapes.
    """
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"scores: runs by images, but got shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("scores: finite numbers, but got NaN or infinity")
    check_confidence(confidence)
    k, n = table.shape
    if k < 2 or n < 2:
        return Interval(math.nan, math.nan)
    of_runs = float(table.mean(axis=1).var(ddof=1)) / k
    of_images = float(table.mean(axis=0).var(ddof=1)) / n
    variance = of_runs + of_images
    mean = float(table.mean())
    if variance == 0:
        return Interval(mean, mean)
    degrees = variance**2 / (of_runs**2 / (k - 1) + of_images**2 / (n - 1))
    half = student_quantile(confidence, degrees) * math.sqrt(variance)
    return Interval(mean - half, mean + half)
