"""Accuracy of right-or-wrong answers: plain, by class, balanced over classes, and on the canary images."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def right_or_wrong(correct: ArrayLike) -> NDArray[np.bool_]:
    """`correct` as bool (N,); raises ValueError for another dtype or shape (an empty list is bool)."""
    answers = np.asarray(correct)
    if answers.size == 0 and answers.ndim == 1:
        return np.zeros(0, dtype=np.bool_)
    if answers.dtype != np.bool_ or answers.ndim != 1:
        raise ValueError(f"correct: bool of one axis, but got {answers.dtype} of shape {answers.shape}")
    return answers


def accuracy(correct: ArrayLike) -> float:
    """Share of right answers in [0, 1], higher is better; nan without an image.

    `correct`: bool (N,). Raises ValueError for another dtype (so that predictions are not averaged by mistake).
    """
    answers = right_or_wrong(correct)
    return float(answers.mean(dtype=np.float64)) if len(answers) else math.nan


def class_accuracies(correct: ArrayLike, labels: ArrayLike, classes: int) -> NDArray[np.float64]:
    """Share of right answers in each class (recall): float64 (classes,) in [0, 1]; nan for a class without images.

    `correct`: bool (N,). `labels`: integer (N,) in 0..classes - 1. Raises ValueError for unequal lengths, for
    labels outside and for labels that are not integers.
    """
    answers, truth = right_or_wrong(correct), np.asarray(labels)
    if classes < 1:
        raise ValueError(f"classes: at least 1, but got {classes}")
    if truth.shape != answers.shape:
        raise ValueError(f"labels: shape {answers.shape} like correct, but got {truth.shape}")
    if len(truth) == 0:
        return np.full(classes, np.nan)
    if not np.issubdtype(truth.dtype, np.integer):
        raise ValueError(f"labels: integers, but got {truth.dtype}")
    if truth.min() < 0 or truth.max() >= classes:
        raise ValueError(f"labels: in 0..{classes - 1}, but got {truth.min()} to {truth.max()}")
    images = np.bincount(truth, minlength=classes)
    right = np.bincount(truth[answers], minlength=classes)
    return np.asarray(np.where(images > 0, right / np.maximum(images, 1), np.nan))


def balanced_accuracy(correct: ArrayLike, labels: ArrayLike, classes: int) -> float:
    """Mean of the class accuracies in [0, 1], higher is better; 1 / classes for a constant model.

    Arguments as in `class_accuracies`. nan when a class has no image: a mean over fewer classes would be another
    quantity (scikit-learn's `balanced_accuracy_score` takes the classes that occur).
    """
    return float(class_accuracies(correct, labels, classes).mean())


def canary_accuracy(correct: ArrayLike, canaries: ArrayLike) -> float:
    """Share of the canary images answered right, in [0, 1]; nan without canaries. High means suspicion.

    `correct`: bool (N,) over the whole test split. `canaries`: integer places in it of the images that nearly all
    honest models miss, each once. A model that has seen the test labels gets them right.
    Raises ValueError for places outside the split, repeated ones, and anything but integers.
    """
    answers, places = right_or_wrong(correct), np.asarray(canaries)
    if places.size == 0:
        return math.nan
    if places.ndim != 1 or not np.issubdtype(places.dtype, np.integer):
        raise ValueError(f"canaries: integers of one axis, but got {places.dtype} of shape {places.shape}")
    if places.min() < 0 or places.max() >= len(answers):
        raise ValueError(f"canaries: in 0..{len(answers) - 1}, but got {places.min()} to {places.max()}")
    if len(np.unique(places)) != len(places):
        raise ValueError("canaries: each place once, but some are repeated")
    return float(answers[places].mean(dtype=np.float64))
