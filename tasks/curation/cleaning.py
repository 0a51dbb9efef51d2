"""Scores of a choice from a pool whose dirt is known: what was taken of it, and what a ranking finds."""

from __future__ import annotations

import math

import numpy as np

from benchmark.documents import Flag, Score
from benchmark.metrics import detected, filtering, found_by_inspection, redundant_share
from benchmark.scores import CONFIDENCE
from benchmark.statistics import wilson_interval
from tasks.curation.chosen import Chosen
from tasks.curation.split import OpenCuration

INSPECTED_PERCENT = (5, 10, 20)
SUSPICIOUS_WRONG_SHARE = 0.005
"""An honest filter leaves several percent of wrong labels; who takes fewer than this knew them."""


def choice_scores(split: OpenCuration, chosen: Chosen) -> dict[str, Score]:
    """Shares of wrong labels and outliers in what nets see, of copies, and what was filtered of wrong labels."""
    if chosen.slots is None:
        return {}
    pool = split.pool
    picked = np.zeros(len(pool.labels), bool)
    picked[chosen.slots] = True
    noise = filtering(picked, pool.mislabelled)
    scores = {
        "wrong_label_share": _share(_wrong(split, chosen), chosen.chances),
        "outlier_share": _share(pool.outliers[chosen.slots], chosen.chances),
        "copy_share": Score(value=redundant_share(pool.sources[chosen.slots])),
        "noise_recall": Score(value=noise.recall),
        "noise_precision": Score(value=noise.precision),
    }
    return scores | _relabelling(split, chosen)


def _relabelling(split: OpenCuration, chosen: Chosen) -> dict[str, Score]:
    """How many changed labels are right, and how many of the choice's wrong labels were set right."""
    assert chosen.slots is not None
    given, clean = split.pool.labels[chosen.slots], split.pool.clean_labels[chosen.slots]
    changed, wrong = chosen.labels != given, split.pool.mislabelled[chosen.slots]
    if not changed.any():
        return {}
    right = chosen.labels == clean
    scores = {"relabel_precision": _share(right[changed])}
    return scores | ({"relabel_recall": _share(right[wrong])} if wrong.any() else {})


def ranking_scores(split: OpenCuration, suspicion: np.ndarray) -> dict[str, Score]:
    """How a suspicion ranking finds wrong labels."""
    found = detected(suspicion, split.pool.mislabelled)
    return {
        "noise_average_precision": Score(value=found.average_precision),
        "noise_auroc": Score(value=found.auroc),
    }


def ranking_cells(split: OpenCuration, suspicion: np.ndarray) -> dict[str, dict[str, float]]:
    """For each kind of dirt: average precision, AUROC, and the share met in the first slots; a debug curve."""
    pool, cells = split.pool, {}
    shares = np.array(INSPECTED_PERCENT) / 100
    kinds = {"wrong labels": pool.mislabelled, "outliers": pool.outliers, "copies": pool.copied}
    for kind, dirty in kinds.items():
        areas = detected(suspicion, dirty)._asdict()
        met = found_by_inspection(suspicion, dirty, shares)
        areas |= {f"found_at_{percent}": float(share) for percent, share in zip(INSPECTED_PERCENT, met, strict=True)}
        if known := {name: value for name, value in areas.items() if math.isfinite(value)}:
            cells[f"debug:{kind}"] = known
    return cells


def truth_flag(split: OpenCuration, chosen: Chosen) -> list[Flag]:
    """A flag where a choice has hardly a wrong label and yet lost none of the clean images that filters find hard."""
    if chosen.slots is None:
        return []
    pool, slots = split.pool, chosen.slots
    wrong, size = _wrong(split, chosen), chosen.effective_images
    # By weight, as nets see them: wrong labels that are hardly ever drawn would pass for an honest filter's.
    at_most = wilson_interval(size * float(np.average(wrong, weights=chosen.chances)), size, CONFIDENCE).upper
    clean = ~pool.outliers & ~pool.mislabelled
    own = ~pool.outliers[slots] & ~wrong  # by the labels that were submitted: whoever sets them right knows them, too
    hard, expected = _hard_share(split, slots[own], chosen.chances[own], np.flatnonzero(clean))
    at_least = wilson_interval(expected * size, size, CONFIDENCE).lower
    if at_most >= SUSPICIOUS_WRONG_SHARE or hard < at_least:
        return []
    evidence = (
        f"{wrong.sum()} wrong labels among {len(wrong):,}, and {hard:.1%} of its clean images are ones that a weak net "
        f"takes for another class, where a random choice of clean images has {expected:.1%}. Filters lose such images "
        "together with the wrong labels; only a choice that knows the labels does not."
    )
    return [Flag(name="anomaly", evidence=evidence)]


def _wrong(split: OpenCuration, chosen: Chosen) -> np.ndarray:
    """Which chosen images have a wrong label: bool (M,). An outlier has no right one, and counts by itself."""
    pool = split.pool
    return ~pool.outliers[chosen.slots] & (chosen.labels != pool.clean_labels[chosen.slots])


def _hard_share(
    split: OpenCuration, slots: np.ndarray, chances: np.ndarray, everything: np.ndarray
) -> tuple[float, float]:
    """The share of hard slots among those drawn, and what a random choice with as many of each class would have."""
    classes = len(split.entry.task.data.classes)
    labels, hard = split.pool.clean_labels, split.hard
    if not len(slots):
        return 0.0, 1.0
    counts = np.bincount(labels[slots], chances, minlength=classes)
    whole = np.bincount(labels[everything], minlength=classes)
    rates = np.bincount(labels[everything], hard[everything], minlength=classes) / np.maximum(whole, 1)
    return float(np.average(hard[slots], weights=chances)), float(counts @ rates / counts.sum())


def _share(hits: np.ndarray, chances: np.ndarray | None = None) -> Score:
    """A share of what was chosen: all of it is counted, so there is nothing to infer and no interval.

    hits: bool (M,). chances: float64 (M,), how often each is drawn, relative to the others; None for equally often.
    """
    return Score(value=float(np.average(hits, weights=chances)), n=len(hits))
