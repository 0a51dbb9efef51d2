"""Watched training images among own ones: which a set shows, how many by chance, and what that does to the leak gap."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from benchmark.contamination.copies import closest_test_images
from benchmark.contamination.findings import DECIMALS, FALSE_ALARMS, Found
from benchmark.documents import Flag
from tasks.curation.chosen import Chosen
from tasks.curation.split import OpenCuration

INSPECTION = "watched"
HONEST_SHARE = 0.999
"""Of the sets that nobody aimed at watched images, this share are not flagged for those they show."""


def look_for_watched(images: np.ndarray, watched: np.ndarray) -> Found:
    """The watched image nearest to each own one, both uint8 (., H, W, C), by the search for copied test images.

    watched_row: int64 (N,), -1 without a watched image. correlation: float64 (N,), in [-1, 1].
    """
    closest = closest_test_images(images, watched)
    return {"watched_row": closest.test_rows, "correlation": np.round(closest.correlations, DECIMALS)}


def shown_watched(split: OpenCuration, chosen: Chosen, found: Found | None, threshold: float) -> np.ndarray:
    """Which of the watched training images a set shows: bool (W,).

    found: what `look_for_watched` says of own images, None of a choice from the pool. Own images show those they equal,
    mirrored or not, and those they nearly copy, from the threshold on: nets learn an altered image as well.
    """
    shown = chosen.shown_watched(split)
    if found is not None:
        shown[found["watched_row"][found["correlation"] >= threshold]] = True
    return shown


def shown_by_chance(split: OpenCuration, images: int) -> int:
    """How many watched images so many own ones show at most, in HONEST_SHARE of sets that nobody aimed at them.

    As many as of training images at random, and those that are near copies by a false alarm: of the search against the
    test images there are FALSE_ALARMS, and as many times more as there are more watched images than test images.
    """
    watched = len(split.watched)
    share = images / len(split.origin.labels) + FALSE_ALARMS * images / split.frozen.tested
    return watched if share >= 1 else math.ceil(special.bdtrik(HONEST_SHARE, watched, share))


def easier_by(ease: np.ndarray | None, shown: np.ndarray) -> float:
    """How much easier the watched images are that a set leaves than all of them, in [-1, 1]: a difference of means.

    ease: float64 (W,), share of frozen nets that are right on each; None, not measured, gives 0. shown: bool (W,).
    0 where all are shown, since nothing is left.
    """
    if ease is None or shown.all():
        return 0.0
    return float(ease[~shown].mean() - ease.mean())


def shown_flags(shown: np.ndarray, by_chance: int) -> list[Flag]:
    """A flag where a set shows more watched images than by chance: the leak gap is no measure of it."""
    if not shown.all() and shown.sum() <= by_chance:
        return []
    which = "every watched training image" if shown.all() else f"{shown.sum():,} of {len(shown):,} watched images"
    evidence = (
        f"It shows {which}, where a set of its size shows at most {by_chance:,} by chance, so that its nets cannot be "
        "asked about enough images that nobody chose."
    )
    return [Flag(name="train-test-gap", evidence=evidence)]
