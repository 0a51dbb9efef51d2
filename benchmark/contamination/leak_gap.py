"""Test accuracy against accuracy on clean images that nobody could choose: a second alarm that needs no image search.

A set that holds altered test images lifts the accuracy of its nets on the test split and not on clean pool images that
the submission left out. The alarm's limit is learnt from honest sets, since the test split is harder or easier than
the pool for honest nets too.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from benchmark.documents import Score
from benchmark.metrics.accuracy import right_or_wrong
from benchmark.scores import CONFIDENCE, interval_score
from benchmark.statistics import Interval, replicate_interval
from benchmark.statistics.interval import check_confidence


class LeakGap(NamedTuple):
    """Test minus pool accuracy of the nets of one set, fractions in [-1, 1]; higher is more suspect.

    value: mean over runs. over_runs: its interval over training runs of the set, nan with one run. runs: how many.
    """

    value: float
    over_runs: Interval
    runs: int


def leak_gap(test_correct: ArrayLike, pool_correct: ArrayLike, confidence: float = 0.95) -> LeakGap:
    """Accuracy on the test images minus accuracy on unselected clean pool images, a difference in [-1, 1].

    test_correct: bool (runs, N_test). pool_correct: bool (runs, N_pool), the same runs on clean images of the pool's
    distribution that the submission did not contain. nan, with an interval of nan, without an image of either kind.
    The interval over runs is Student's. Raises ValueError for other dtypes and shapes, unequal numbers of runs, and
    without a run.
    """
    check_confidence(confidence)
    test, pool = _runs(test_correct, "test_correct"), _runs(pool_correct, "pool_correct")
    if len(test) != len(pool):
        raise ValueError(f"pool_correct: {len(test)} runs like test_correct, but got {len(pool)}")
    if test.shape[1] == 0 or pool.shape[1] == 0:
        return LeakGap(math.nan, Interval(math.nan, math.nan), len(test))
    gaps = test.mean(axis=1) - pool.mean(axis=1)
    return LeakGap(float(gaps.mean()), replicate_interval(gaps, confidence), len(test))


def leak_gap_score(test_correct: np.ndarray, pool_correct: np.ndarray) -> Score | None:
    """The leak gap with its interval over training runs, as a record states it; None without an image of the pool.

    test_correct: bool (runs, N_test). pool_correct: bool (runs, N_pool). Raises ValueError as `leak_gap` does.
    """
    if pool_correct.shape[1] == 0:
        return None
    gap = leak_gap(test_correct, pool_correct, CONFIDENCE)
    return interval_score(gap.value, gap.over_runs, gap.runs, "training runs")


def leak_limit(honest_gaps: ArrayLike, confidence: float = 0.99) -> float:
    """The gap that one more honest set exceeds with a chance of at most 1 - confidence; a fraction, nan below 2 sets.

    honest_gaps: float (S,), the `LeakGap.value` of honest sets, each averaged over as many runs as the sets that will
    be judged. The upper end of the one-sided prediction interval of one further value of a normal sample (Hahn 1969,
    "Factors for calculating two-sided prediction intervals", one-sided form): mean + t sd sqrt(1 + 1/S), so that few
    honest sets give a high limit. Equal gaps give that gap. Raises ValueError for NaN, infinity and other shapes.
    """
    check_confidence(confidence)
    gaps = np.asarray(honest_gaps, dtype=np.float64)
    if gaps.ndim != 1 or not np.isfinite(gaps).all():
        raise ValueError(f"honest_gaps: finite numbers of one axis, but got {gaps.tolist()}")
    if len(gaps) < 2:
        return math.nan
    quantile = float(special.stdtrit(len(gaps) - 1, confidence))
    return float(gaps.mean() + quantile * gaps.std(ddof=1) * math.sqrt(1 + 1 / len(gaps)))


def _runs(correct: ArrayLike, name: str) -> NDArray[np.bool_]:
    answers = np.asarray(correct)
    if answers.ndim != 2 or len(answers) == 0:
        raise ValueError(f"{name}: runs by images, at least one run, but got shape {answers.shape}")
    return np.stack([right_or_wrong(run) for run in answers])
