"""Confident learning: which labels are wrong, from the classes a net is confident of."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.selection.example_scores import Floats, checked_labels, checked_probabilities


def confident_joint(probabilities: ArrayLike, labels: ArrayLike) -> NDArray[np.int64]:
    """How many images labelled i the net confidently takes for class j: int64 (K, K), rows are the labels.

    An image counts for the likeliest of the classes whose probability reaches their threshold, the mean probability
    of the class among the images labelled so; for none where no class does, and a class that no image is labelled
    with has no threshold to reach. probabilities: (N, K), rows that are distributions, from a net that has not seen
    the image. labels: integers (N,). Source: Northcutt, Jiang and Chuang (2021), "Confident learning", equations 1
    and 2. Raises ValueError as the checks of the arrays do.
    """
    values = checked_probabilities(probabilities, len(np.asarray(labels)))
    given = checked_labels(labels, values.shape[1])
    confident = values >= _thresholds(values, given)
    counted = confident.any(axis=1)
    guess = np.where(confident, values, -1).argmax(axis=1)
    joint = np.zeros((values.shape[1],) * 2, dtype=np.int64)
    np.add.at(joint, (given[counted], guess[counted]), 1)
    return joint


def wrong_labels(probabilities: ArrayLike, labels: ArrayLike) -> NDArray[np.bool_]:
    """Whether each label is held to be wrong: bool (N,).

    The confident joint, with its rows scaled to the number of images of each label, says how many images labelled i
    belong to j; that many of them, those with the largest p_j - p_i, are wrong ("prune by noise rate"), unless the
    label is the net's own first choice. Arguments and source as for `confident_joint`, section 3.2 there; the last
    clause is cleanlab's. At equal differences at the cut, the first images of the file.
    """
    values = checked_probabilities(probabilities, len(np.asarray(labels)))
    given = checked_labels(labels, values.shape[1])
    found = np.zeros(len(values), dtype=bool)
    for label, row in enumerate(_scaled(confident_joint(values, given), given)):
        members = np.flatnonzero(given == label)
        for other in np.flatnonzero(row):
            if other != label:
                differences = values[members, other] - values[members, label]
                found[members[np.argsort(-differences, kind="stable")[: row[other]]]] = True
    return found & (values.argmax(axis=1) != given)


def _thresholds(values: Floats, given: NDArray[np.int64]) -> Floats:
    counts = np.bincount(given, minlength=values.shape[1])
    own = np.bincount(given, weights=values[np.arange(len(values)), given], minlength=values.shape[1])
    # A net that is equally sure of all images of a class is confident of them, whatever the mean's last digit says.
    return np.divide(own, counts, out=np.full(values.shape[1], np.inf), where=counts > 0) - 1e-6


def _scaled(joint: NDArray[np.int64], given: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows in proportion to the joint's that sum to the images of each label, in whole numbers (largest remainder).

    Of every label that occurs, at least one image stays right: a class is never given up whole, as in cleanlab.
    """
    counts = np.bincount(given, minlength=len(joint))
    whole = joint + np.diag(np.diag(joint) == 0)
    exact = whole * (counts / whole.sum(axis=1))[:, None]
    scaled = np.floor(exact).astype(np.int64)
    for row, parts in enumerate(exact - scaled):
        missing = counts[row] - scaled[row].sum()
        scaled[row, np.argsort(-parts, kind="stable")[:missing]] += 1
        if counts[row] and scaled[row, row] == 0:
            scaled[row, scaled[row].argmax()] -= 1
            scaled[row, row] = 1
    return scaled
