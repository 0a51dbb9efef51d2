"""Bootstrap intervals of FPR@95, average precision and AURC: their metrics, their edges, their coverage."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import area_under_risk_coverage, detection_scores
from benchmark.statistics.detection_resampling import (
    DetectionIntervals,
    _Merged,
    mean_detection_intervals,
    risk_coverage_interval,
)


@pytest.mark.parametrize("seed", range(20))
def test_metrics_of_drawn_images_are_the_metrics_of_repeated_images(seed):
    rng = np.random.default_rng(seed)
    inside, outside = rng.integers(0, 8, 30), rng.integers(2, 10, 17)
    drawn_in, drawn_out = rng.multinomial(30, [1 / 30] * 30, 4), rng.multinomial(17, [1 / 17] * 17, 4)
    found = _Merged.of(inside, outside).metrics(drawn_in, drawn_out)
    for row, counts_in, counts_out in zip(found, drawn_in, drawn_out, strict=True):
        expected = detection_scores(np.repeat(inside, counts_in), np.repeat(outside, counts_out))
        assert row == pytest.approx([getattr(expected, name) for name in DetectionIntervals._fields])


def test_intervals_hold_the_values_and_shrink():
    rng = np.random.default_rng(0)
    widths = []
    for n in (200, 3200):
        inside, sets = rng.normal(size=n), [rng.normal(1.5, 1, n // 2), rng.normal(1, 1, n // 2)]
        intervals = mean_detection_intervals(inside, sets)
        for name, interval in intervals._asdict().items():
            value = np.mean([getattr(detection_scores(inside, each), name) for each in sets])
            assert interval.lower < value < interval.upper
        widths.append(intervals.fpr_at_95_ood_positive.upper - intervals.fpr_at_95_ood_positive.lower)
        assert intervals == mean_detection_intervals(inside, sets)
    assert 2.5 < widths[0] / widths[1] < 6


def test_perfect_and_constant_detectors_have_intervals():
    perfect = mean_detection_intervals(np.zeros(100), [np.ones(50)])
    for name, interval in perfect._asdict().items():
        best = 1.0 if name.startswith("average") else 0.0
        assert best in (interval.lower, interval.upper)
        assert 0.02 < interval.upper - interval.lower < 0.1
    constant = mean_detection_intervals(np.zeros(100), [np.zeros(50)])
    assert constant.fpr_at_95_ood_positive.upper == constant.fpr_at_95_id_positive.upper == 1
    assert constant.average_precision_ood.lower <= 1 / 3 <= constant.average_precision_ood.upper


def test_risk_coverage_holds_the_area():
    rng = np.random.default_rng(1)
    sureness = rng.normal(size=800)
    correct = rng.random(800) < 1 / (1 + np.exp(-2 - sureness))
    interval = risk_coverage_interval(sureness, correct)
    assert interval.lower < area_under_risk_coverage(sureness, correct) < interval.upper
    right, wrong = (risk_coverage_interval(sureness, np.full(800, each)) for each in (True, False))
    assert right.lower == 0 < right.upper < 0.01
    assert wrong.upper == 1 > wrong.lower > 0.99
    tied = risk_coverage_interval(np.zeros(800), correct)
    assert tied.lower < 1 - correct.mean() < tied.upper


def test_nothing_to_resample_is_refused():
    for call in (
        lambda: mean_detection_intervals([], [[1.0]]),
        lambda: mean_detection_intervals([1.0], []),
        lambda: mean_detection_intervals([1.0], [[]]),
        lambda: mean_detection_intervals([1.0], [[1.0]], confidence=1.0),
        lambda: risk_coverage_interval([], []),
        lambda: risk_coverage_interval([1.0], [True, False]),
    ):
        with pytest.raises(ValueError, match=r"at least one|confidence"):
            call()


@pytest.mark.slow
def test_coverage():
    """Binormal scores, one or three sets, 400 draws a point: Monte-Carlo error .011 a point, .003 in all."""
    rng = np.random.default_rng(5)
    draws, hits = 400, []
    big = rng.normal(size=1_000_000)
    for shifts, n, m in (
        ((1.0,), 400, 200),
        ((2.5,), 400, 200),
        ((0.5, 1.0, 2.0), 500, 200),
        ((2.0, 3.0, 1.5), 1000, 500),
    ):
        truth = np.zeros(4)
        for shift in shifts:
            exact = detection_scores(big[:500_000], shift + big[500_000 : 500_000 + 500_000 * m // n])
            truth += [getattr(exact, name) / len(shifts) for name in DetectionIntervals._fields]
        found = np.zeros(4)
        for draw in range(draws):
            inside, sets = rng.normal(size=n), [rng.normal(shift, 1, m) for shift in shifts]
            intervals = mean_detection_intervals(inside, sets, resamples=200, seed=draw)
            found += [
                interval.lower <= value <= interval.upper for interval, value in zip(intervals, truth, strict=True)
            ]
        hits.append(found / draws)
    print(np.array(hits))
    assert np.mean(hits) > 0.92
    assert np.min(hits) > 0.88


@pytest.mark.slow
def test_coverage_of_risk_coverage():
    """400 draws a point: Monte-Carlo error .011 a point."""
    rng = np.random.default_rng(6)
    for bias, n in ((2.0, 300), (0.5, 300), (3.0, 1000)):

        def sample(count: int, bias: float = bias) -> tuple[np.ndarray, np.ndarray]:
            sureness = rng.normal(size=count)
            return sureness, rng.random(count) < 1 / (1 + np.exp(-bias - sureness))

        truth = area_under_risk_coverage(*sample(1_000_000))
        covered = 0
        for draw in range(400):
            interval = risk_coverage_interval(*sample(n), resamples=200, seed=draw)
            covered += interval.lower <= truth <= interval.upper
        assert covered / 400 > 0.9
