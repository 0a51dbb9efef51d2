"""What a choice of training examples did with a pool whose dirt is known, and what training made of it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.metrics.detection import auroc, average_precision


class Filtering(NamedTuple):
    """What a pick did with the dirt of one kind; each in [0, 1], nan where it divides by nothing.

    recall: share of the dirt that was left out, and precision: share of what was left out that is dirt; higher is
    better. A random pick of k out of N slots has a recall of 1 - k / N, and a precision of the pool's share of dirt.
    """

    recall: float
    precision: float


class Detected(NamedTuple):
    """How well an order of suspicion puts dirt of one kind first: areas in [0, 1], higher is better."""

    average_precision: float
    """The share of dirt in the pool for a random order."""
    auroc: float
    """.5 for a random order."""


def normalized_gain(accuracy: float, random: float, oracle: float) -> float:
    """Share of the way from the random to the oracle anchor, a ratio: 0 and 1 there, never clipped; higher is better.

    All three are mean accuracies over training runs: averaged first and divided once, because a mean of ratios of
    single runs is not the ratio of the means. nan where the oracle is not above random, and for NaN.
    """
    if not oracle > random:
        return math.nan
    return (accuracy - random) / (oracle - random)


def class_balance(labels: ArrayLike, classes: int, weights: ArrayLike | None = None) -> float:
    """Entropy of the class shares over its largest value, in [0, 1]: 1 for equal shares, 0 for a single class.

    labels: integer (N,) in 0..classes - 1. weights: float (N,), none negative; each label counts as much (a repeat is
    a label given twice). nan without labels and for weights that sum to 0. Raises ValueError for labels outside, and
    for fewer than two classes.
    """
    given = np.asarray(labels)
    if classes < 2:
        raise ValueError(f"classes: at least 2, but got {classes}")
    if not given.size:
        return math.nan
    if given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= classes:
        raise ValueError(f"labels: integers in 0..{classes - 1}, but got {given.dtype} {given.min()} to {given.max()}")
    mass = np.bincount(given, None if weights is None else np.asarray(weights, np.float64), minlength=classes)
    if mass.sum() <= 0:
        return math.nan
    shares = mass[mass > 0] / mass.sum()
    return float(-(shares * np.log(shares)).sum() / math.log(classes)) + 0.0


def redundant_share(sources: ArrayLike) -> float:
    """Share of distinct slots in a pick that show an image the pick already has, in [0, 1); lower is better.

    sources: integer (K,), what each distinct slot of the pick is a copy of, negative for an image of its own. nan
    without slots.
    """
    shown = np.asarray(sources)
    if not shown.size:
        return math.nan
    copies = shown[shown >= 0]
    return (len(copies) - len(np.unique(copies))) / len(shown)


def filtering(picked: ArrayLike, dirty: ArrayLike) -> Filtering:
    """What a pick did with dirt of one kind.

    picked, dirty: bool (N,) over the slots of the pool. Raises ValueError for other dtypes and unequal shapes.
    """
    kept, bad = _slots(picked, "picked"), _slots(dirty, "dirty")
    if kept.shape != bad.shape:
        raise ValueError(f"dirty: shape {kept.shape} like picked, but got {bad.shape}")
    left_out = ~kept
    return Filtering(
        recall=_ratio((left_out & bad).sum(), bad.sum()),
        precision=_ratio((left_out & bad).sum(), left_out.sum()),
    )


def found_by_inspection(order: ArrayLike, dirty: ArrayLike, shares: ArrayLike) -> NDArray[np.float64]:
    """Share of the dirt met when the most suspect slots are inspected first: float64 (S,) in [0, 1]; a debug curve.

    order: integer (N,), every slot once, most suspect first. dirty: bool (N,). shares: float (S,) in [0, 1], how much
    of the pool is inspected, rounded down to whole slots. A random order has the shares themselves, a perfect one
    min(1, share / share of dirt). nan without dirt. Raises ValueError for an order that is not a permutation and
    shares outside.
    """
    slots, bad = _permutation(order), _slots(dirty, "dirty")
    if len(slots) != len(bad):
        raise ValueError(f"dirty: {len(slots)} slots like order, but got {len(bad)}")
    looked_at = np.asarray(shares, np.float64)
    if looked_at.size and not (looked_at.min() >= 0 and looked_at.max() <= 1):
        raise ValueError(f"shares: in [0, 1], but got {looked_at}")
    if not bad.any():
        return np.full(looked_at.shape, math.nan)
    met = np.concatenate([[0], np.cumsum(bad[slots])]) / bad.sum()
    # A product such as .29 * 100 falls just short of its whole number; such an error is far below half a slot.
    return np.asarray(met[np.floor(looked_at * len(slots) + 1e-6).astype(np.int64)])


def detected(order: ArrayLike, dirty: ArrayLike) -> Detected:
    """How well an order of suspicion tells dirt from the rest; arguments and errors as in `found_by_inspection`.

    nan where every slot is dirty or none.
    """
    slots, bad = _permutation(order), _slots(dirty, "dirty")
    if len(slots) != len(bad):
        raise ValueError(f"dirty: {len(slots)} slots like order, but got {len(bad)}")
    suspicion = np.empty(len(slots), np.int64)
    suspicion[slots] = np.arange(len(slots))[::-1]
    if bad.all() or not bad.any():
        return Detected(math.nan, math.nan)
    return Detected(average_precision(suspicion[~bad], suspicion[bad]), auroc(suspicion[~bad], suspicion[bad]))


def _slots(given: ArrayLike, name: str) -> NDArray[np.bool_]:
    slots = np.asarray(given)
    if slots.dtype != np.bool_ or slots.ndim != 1:
        raise ValueError(f"{name}: bool of one axis, but got {slots.dtype} of shape {slots.shape}")
    return slots


def _permutation(order: ArrayLike) -> NDArray[np.int64]:
    slots = np.asarray(order)
    if slots.ndim != 1 or slots.dtype.kind not in "iu" or not np.array_equal(np.sort(slots), np.arange(len(slots))):
        raise ValueError("order: every slot from 0 exactly once")
    return slots.astype(np.int64)


def _ratio(part: np.integer, whole: np.integer) -> float:
    return float(part / whole) if whole else math.nan
