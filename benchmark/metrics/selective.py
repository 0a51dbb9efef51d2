"""Answering only when sure: risk over coverage, and the open-set rate of right answers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from benchmark.metrics.accuracy import right_or_wrong
from benchmark.metrics.dense_ranks import finite_scores
from benchmark.metrics.detection import auroc


def area_under_risk_coverage(confidence: ArrayLike, correct: ArrayLike) -> float:
    """AURC in [0, 1], lower is better: the mean over k of the error rate among the k most confident images.

    `confidence`: real numbers (N,), higher = surer. `correct`: bool (N,). Images of equal confidence enter in random
    order and the area is the mean over these orders (their errors grow linearly), so a constant confidence
    gives the error rate; a file order in which the right answers come first gains nothing. nan without an image.
    Source: Geifman, Uziel and El-Yaniv (2019), "Bias-reduced uncertainty estimation for deep neural classifiers";
    ties are ours. Raises ValueError for unequal lengths, NaN and infinity (naming the first position).
    """
    answers = right_or_wrong(correct)
    if len(answers) == 0 and np.size(confidence) == 0:
        return math.nan
    sureness = _matching(confidence, "confidence", len(answers))
    order = np.argsort(-sureness, kind="stable")
    descending = sureness[order]
    ends = np.append(np.flatnonzero(descending[1:] != descending[:-1]), len(answers) - 1) + 1
    errors_at_ends = np.cumsum(~answers[order])[ends - 1]
    kept = np.arange(1, len(answers) + 1)
    errors = np.interp(kept, np.append(0, ends), np.append(0, errors_at_ends))
    return float((errors / kept).mean())


def oscr(in_confidence: ArrayLike, in_correct: ArrayLike, out_confidence: ArrayLike) -> float:
    """Area under right ID answers over accepted OOD images, in [0, accuracy]; higher is better (OSCR).

    The area under the share of ID images that are right and accepted, over the share of OOD images accepted, as
    the threshold on confidence falls; equal confidences count half. It is the chance that an ID image is right and
    surer than an OOD image, so accuracy x 1/2 for a constant confidence and 0 without a right answer.
    `in_confidence`, `out_confidence`: real numbers (N,), (M,), higher = surer. `in_correct`: bool (N,).
    Source: Dhamija, Guenther and Boult (2018), "Reducing network agnostophobia"; its area as in Vaze et al. (2022),
    "Open-set recognition: a good closed-set classifier is all you need?". Raises ValueError for an empty side,
    unequal lengths, NaN and infinity (naming the first position).
    """
    answers = right_or_wrong(in_correct)
    sureness = _matching(in_confidence, "in_confidence", len(answers))
    out_sureness = finite_scores(out_confidence, "out_confidence")
    if not answers.any():
        return 0.0
    return auroc(out_sureness, sureness[answers]) * float(answers.mean())


def _matching(confidence: ArrayLike, name: str, images: int) -> np.ndarray:
    values = finite_scores(confidence, name)
    if len(values) != images:
        raise ValueError(f"{name}: {images} values like the answers, but got {len(values)}")
    return values
