"""Coverage of the AUROC intervals over a declared grid, by simulation, and the bootstrap as a second opinion.

With T trials a cell of coverage .93 has a Monte-Carlo error of sqrt(.93 x .07 / T); it is stated beside every bound.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import special

from benchmark.statistics import (
    Interval,
    Part,
    auroc_interval,
    auroc_pair_test,
    auroc_pseudo_values,
    distinct_images,
    mean_auroc_interval,
    rank_intervals,
)
from benchmark.statistics.resampling import image_counts

pytestmark = pytest.mark.slow

AUROCS = (0.6, 0.8, 0.95, 0.99)
SIZES = ((100, 100), (100, 2000), (2000, 100), (500, 500), (2000, 2000))


def shift(auroc: float, spread: float = 1.0) -> float:
    """How far apart normal ID scores (sd 1) and OOD scores (sd `spread`) lie for this AUROC."""
    return math.hypot(1, spread) * float(special.ndtri(auroc))


def normal(rng: np.random.Generator, auroc: float, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=n), rng.normal(shift(auroc), 1, m)


def wide(rng: np.random.Generator, auroc: float, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """OOD scores that spread 3 times as far as ID scores: a few OOD images lie deep among the ID ones."""
    return rng.normal(size=n), rng.normal(shift(auroc, 3), 3, m)


def mixture(rng: np.random.Generator, auroc: float, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """A share of OOD images that nothing tells from ID ones, the rest found without fail."""
    hidden = rng.random(m) < 2 * (1 - auroc)
    return rng.normal(size=n), np.where(hidden, rng.normal(size=m), 100)


def quantised(rng: np.random.Generator, auroc: float, n: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores rounded to one standard deviation: about 6 values."""
    inside, outside = normal(rng, auroc, n, m)
    return np.rint(inside), np.rint(outside)


def quantised_truth(auroc: float) -> float:
    """AUROC of the rounded scores, half of the ties included."""
    steps = np.arange(-12, 30)
    inside, outside = (
        np.diff(special.ndtr(np.append(steps - 0.5, steps[-1] + 0.5) - centre)) for centre in (0, shift(auroc))
    )
    return float(outside @ (np.cumsum(inside) - inside / 2))


Draw = Callable[[np.random.Generator, float, int, int], tuple[np.ndarray, np.ndarray]]


@pytest.mark.parametrize("draw", [normal, wide, mixture, quantised])
def test_coverage_of_one_auroc(draw: Draw) -> None:
    """20 cells of 600 trials: Monte-Carlo error .010 a cell, .0023 for their mean."""
    trials, covered = 600, {}
    for (n, m), auroc in itertools.product(SIZES, AUROCS):
        rng = np.random.default_rng([n, m, round(100 * auroc)])
        truth = quantised_truth(auroc) if draw is quantised else auroc
        hits = [auroc_interval(*draw(rng, auroc, n, m)).contains(truth) for _ in range(trials)]
        covered[n, m, auroc] = np.mean(hits)
    print(draw.__name__, f"mean {np.mean(list(covered.values())):.4f}, lowest {min(covered.values()):.3f}", covered)
    assert np.mean(list(covered.values())) >= 0.935
    assert min(covered.values()) >= 0.90


def test_coverage_of_a_mean_over_three_sets() -> None:
    """12 cells of 600 trials: Monte-Carlo error .010 a cell, .003 for their mean."""
    trials, covered = 600, {}
    for n, sizes, auroc in itertools.product((100, 500, 2000), ((100, 300, 1000), (500, 500, 500)), (0.7, 0.95)):
        rng = np.random.default_rng([n, *sizes, round(100 * auroc)])
        truths = (auroc - 0.04, auroc, auroc + 0.04)
        hits = []
        for _ in range(trials):
            outs = [rng.normal(shift(truth), 1, m) for truth, m in zip(truths, sizes, strict=True)]
            hits.append(mean_auroc_interval([distinct_images(rng.normal(size=n), outs)]).contains(auroc))
        covered[n, sizes, auroc] = np.mean(hits)
    print(f"mean {np.mean(list(covered.values())):.4f}, lowest {min(covered.values()):.3f}", covered)
    assert np.mean(list(covered.values())) >= 0.935
    assert min(covered.values()) >= 0.91


def holdout_parts(rng: np.random.Generator, images: int, apart: float) -> list[Part]:
    """3 parts on the same images, another tenth held out in each; the difficulty of an image (sd .8) is shared."""
    difficulty, tenth = rng.normal(0, 0.8, images), np.arange(images) % 10
    parts = []
    for held_out in range(3):
        out = tenth == held_out
        scores = difficulty + rng.normal(0, 0.6, images) + np.where(out, apart, 0)
        parts.append(Part(scores[~out], np.flatnonzero(~out), [(scores[out], np.flatnonzero(out))]))
    return parts


def test_coverage_of_a_mean_over_holdout_parts() -> None:
    """6 cells of 600 trials: Monte-Carlo error .010 a cell, .004 for their mean."""
    covered = {}
    for images, auroc in itertools.product((300, 1000, 3000), (0.8, 0.97)):
        rng = np.random.default_rng([images, round(100 * auroc)])
        hits = [mean_auroc_interval(holdout_parts(rng, images, shift(auroc))).contains(auroc) for _ in range(600)]
        covered[images, auroc] = np.mean(hits)
    print(f"mean {np.mean(list(covered.values())):.4f}, lowest {min(covered.values()):.3f}", covered)
    assert np.mean(list(covered.values())) >= 0.935
    assert min(covered.values()) >= 0.91


def test_coverage_and_level_of_the_pair_test() -> None:
    """18 cells of 600 trials: Monte-Carlo error .010 a cell, .0023 for their mean. Two detectors share difficulty."""
    trials, covered, rejected = 600, {}, {}
    pairs = ((0.9, 0.9), (0.7, 0.75), (0.97, 0.99))
    for (n, m), truths, shared in itertools.product(((100, 100), (2000, 100), (2000, 2000)), pairs, (0.3, 0.95)):
        rng = np.random.default_rng([n, m, *(round(100 * truth) for truth in truths), round(100 * shared)])
        hits = []
        for _ in range(trials):
            common = rng.normal(size=n + m)
            parts = []
            for truth in truths:
                scores = math.sqrt(shared) * common + math.sqrt(1 - shared) * rng.normal(size=n + m)
                parts.append([distinct_images(scores[:n], [scores[n:] + shift(truth)])])
            test = auroc_pair_test(*parts)
            hits.append(Interval(test.lower, test.upper).contains(truths[0] - truths[1]))
            if truths[0] == truths[1]:
                rejected.setdefault((n, m, shared), []).append(test.p_value <= 0.05)
        covered[n, m, truths, shared] = np.mean(hits)
    print(f"mean {np.mean(list(covered.values())):.4f}, lowest {min(covered.values()):.3f}", covered)
    print({cell: np.mean(found) for cell, found in rejected.items()})
    assert np.mean(list(covered.values())) >= 0.935
    assert min(covered.values()) >= 0.91
    assert np.mean([np.mean(found) for found in rejected.values()]) <= 0.065


@pytest.mark.parametrize(("n", "m"), [(1000, 300), (300, 1000), (200, 100)])
def test_rank_intervals_from_pseudo_values_hold_jointly(n: int, m: int) -> None:
    """8 detectors, three of them equal, 300 trials: all ranks inside at once; Monte-Carlo error .013."""
    truths = np.array([0.80, 0.85, 0.85, 0.85, 0.88, 0.90, 0.95, 0.96])
    best_rank = [1 + int((truths > truth).sum()) for truth in truths]
    worst_rank = [len(truths) - int((truths < truth).sum()) for truth in truths]
    rng = np.random.default_rng([n, m])
    hits, separated = [], []
    for _ in range(300):
        common = rng.normal(size=n + m)
        rows = []
        for truth in truths:
            scores = math.sqrt(0.7) * common + math.sqrt(0.3) * rng.normal(size=n + m)
            rows.append(auroc_pseudo_values([distinct_images(scores[:n], [scores[n:] + shift(truth)])], n + m))
        found = rank_intervals(np.array(rows), resamples=400)
        hits.append((found.lower <= best_rank).all() and (found.upper >= worst_rank).all())
        separated.append(found.upper[-1] < len(truths))
    print(f"joint coverage {np.mean(hits):.3f}, the best row separated from the last in {np.mean(separated):.2f}")
    assert np.mean(hits) >= 0.92
    assert np.mean(separated) > 0.9


def weighted_auroc(scores: np.ndarray, weights: np.ndarray, out: np.ndarray) -> float:
    """AUROC of images drawn several times: a count of weighted pairs."""
    order = np.argsort(scores, kind="stable")
    inside, outside = np.where(out, 0, weights)[order], np.where(out, weights, 0)[order]
    below = np.cumsum(inside) - inside
    return float((outside * below).sum() / (inside.sum() * outside.sum()))


@pytest.mark.parametrize("auroc", [0.75, 0.95])
def test_the_bootstrap_over_base_images_agrees(auroc: float) -> None:
    """1,500 draws of 1,200 base images, which occur in all three parts: the error of a bootstrap sd is 2 %."""
    images = 1200
    parts = holdout_parts(np.random.default_rng(5), images, shift(auroc))
    tables = []
    for in_scores, in_units, ((out_scores, out_units),) in parts:
        scores, out = np.empty(images), np.zeros(images, dtype=bool)
        scores[in_units], scores[out_units] = in_scores, out_scores
        out[out_units] = True
        tables.append((scores, out))
    means = [
        np.mean([weighted_auroc(scores, weights, out) for scores, out in tables])
        for block in image_counts(images, 1500, 0)
        for weights in block
    ]
    values = auroc_pseudo_values(parts, images)
    assert np.std(values, ddof=1) / math.sqrt(images) == pytest.approx(float(np.std(means, ddof=1)), rel=0.07)
