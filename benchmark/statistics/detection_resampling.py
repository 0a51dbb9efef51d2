"""Intervals of detection metrics without a closed form, from a bootstrap of the images of both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmark.statistics.interval import Interval, check_confidence
from benchmark.statistics.proportion import wilson_interval
from benchmark.statistics.resampling import image_counts

RESAMPLES = 1000
_TPR_NUMERATOR, _TPR_DENOMINATOR = 19, 20

Weights = NDArray[np.int64]


class DetectionIntervals(NamedTuple):
    """Intervals of means over OOD sets, each inside [0, 1]; metrics as in `benchmark.metrics.detection`."""

    fpr_at_95_ood_positive: Interval
    fpr_at_95_id_positive: Interval
    average_precision_ood: Interval
    average_precision_id: Interval


def mean_detection_intervals(
    in_scores: ArrayLike,
    out_scores: Sequence[ArrayLike],
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> DetectionIntervals:
    """Intervals of the mean over OOD sets of four metrics, over draws of images; each set against the same ID images.

    `in_scores`: (N,), `out_scores`: one (M,) a set; scores or ranks, higher = more OOD, no image twice. The percentile
    bootstrap: ID images are drawn once a resample for all sets, each set's own images apart, from the raw stream of
    PCG64, so that intervals are equal on every machine. It cannot move away from a metric that is 0 or 1 in every
    resample; such an interval is widened to Wilson's for the smallest side. Efron and Tibshirani (1993), chapter 13.
    Raises ValueError for an empty side, no set, a confidence outside (0, 1) and resamples below 1.
    """
    check_confidence(confidence)
    inside, sets = np.asarray(in_scores), [np.asarray(scores) for scores in out_scores]
    if not sets or not len(inside) or not all(len(scores) for scores in sets):
        raise ValueError("in_scores, out_scores: at least one set, and an image on each side")
    totals = np.zeros((resamples, len(DetectionIntervals._fields)))
    values = np.zeros(len(DetectionIntervals._fields))
    for number, scores in enumerate(sets):
        merged = _Merged.of(inside, scores)
        ones = [np.ones((1, len(side)), np.int64) for side in (inside, scores)]
        values += merged.metrics(*ones)[0] / len(sets)
        start = 0
        for drawn_in, drawn_out in _draws(len(inside), len(scores), resamples, seed, number + 1):
            stop = start + len(drawn_in)
            totals[start:stop] += merged.metrics(drawn_in, drawn_out) / len(sets)
            start = stop
    ends = np.quantile(totals, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    smallest = min(len(side) for side in (inside, *sets))
    found = []
    for value, lower, upper in zip(values, *ends, strict=True):
        if lower == upper:
            around = wilson_interval(float(np.clip(value, 0, 1)) * smallest, smallest, confidence)
            lower, upper = min(lower, around.lower), max(upper, around.upper)
        found.append(Interval(float(min(lower, value)), float(max(upper, value))))
    return DetectionIntervals(*found)


def risk_coverage_interval(
    confidences: ArrayLike, correct: ArrayLike, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Interval of the area under risk over coverage, over draws of images, inside [0, 1].

    `confidences`: (N,), higher = surer; `correct`: bool (N,). The percentile bootstrap of the area, whose sum over
    images is taken at the last image of every tie; widened to Wilson's where no resample has an error, or nothing but
    errors. Raises ValueError for no image, unequal lengths, and as `mean_detection_intervals`.
    """
    check_confidence(confidence)
    sureness, right = np.asarray(confidences), np.asarray(correct, dtype=bool)
    if not len(right) or len(right) != len(sureness):
        raise ValueError("confidences, correct: one of each for at least one image")
    order = np.argsort(-sureness, kind="stable")
    ends = _group_ends(sureness[order])
    areas = []
    for drawn in (np.ones((1, len(right)), np.int64), *image_counts(len(right), resamples, seed)):
        kept = np.cumsum(drawn[:, order], axis=1)[:, ends]
        errors = np.cumsum(drawn[:, order] * ~right[order], axis=1)[:, ends]
        new = np.diff(kept, axis=1, prepend=0)
        areas.append((new * errors / np.maximum(kept, 1)).sum(axis=1) / len(right))
    value, found = float(areas[0][0]), np.concatenate(areas[1:])
    lower, upper = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    if lower == upper:
        around = wilson_interval(value * len(right), len(right), confidence)
        lower, upper = min(lower, around.lower), max(upper, around.upper)
    return Interval(float(min(lower, value)), float(max(upper, value)))


class _Merged(NamedTuple):
    """Both sides of one set in ascending order of score; ends: the last position of every distinct score."""

    in_order: NDArray[np.int64]
    out_order: NDArray[np.int64]
    in_upto: NDArray[np.int64]
    """Of every distinct score, how many ID images score no higher: (G,); `out_upto` the same for OOD."""
    out_upto: NDArray[np.int64]

    @classmethod
    def of(cls, inside: NDArray[np.generic], outside: NDArray[np.generic]) -> _Merged:
        in_order, out_order = np.argsort(inside, kind="stable"), np.argsort(outside, kind="stable")
        distinct = np.unique(np.concatenate([inside, outside]))
        upto = (
            np.searchsorted(side[order], distinct, "right")
            for side, order in ((inside, in_order), (outside, out_order))
        )
        return cls(in_order, out_order, *upto)

    def metrics(self, drawn_in: Weights, drawn_out: Weights) -> NDArray[np.float64]:
        """float64 (B, 4), in the order of `DetectionIntervals`, for counts of images int64 (B, N) and (B, M)."""
        low_in, low_out = (
            _sums(drawn_in[:, self.in_order], self.in_upto),
            _sums(drawn_out[:, self.out_order], self.out_upto),
        )
        n, m = low_in[:, -1:], low_out[:, -1:]
        zero = np.zeros_like(n)
        high_in, high_out = n - np.hstack([zero, low_in[:, :-1]]), m - np.hstack([zero, low_out[:, :-1]])
        rows = np.arange(len(n))
        # The strictest threshold that catches enough: the last score with enough at or above it, or the first below.
        enough_out = high_out * _TPR_DENOMINATOR >= _TPR_NUMERATOR * m
        last = enough_out.shape[1] - 1 - enough_out[:, ::-1].argmax(axis=1)
        first = (low_in * _TPR_DENOMINATOR >= _TPR_NUMERATOR * n).argmax(axis=1)
        new_out, new_in = np.diff(low_out, axis=1, prepend=0), np.diff(low_in, axis=1, prepend=0)
        precision_out = high_out / np.maximum(high_out + high_in, 1)
        precision_in = low_in / np.maximum(low_in + low_out, 1)
        return np.stack(
            [
                high_in[rows, last] / n[:, 0],
                low_out[rows, first] / m[:, 0],
                (new_out * precision_out).sum(axis=1) / m[:, 0],
                (new_in * precision_in).sum(axis=1) / n[:, 0],
            ],
            axis=1,
        )


def _sums(weights: Weights, upto: NDArray[np.int64]) -> Weights:
    """Sums of the first `upto` columns: int64 (B, G)."""
    sums = np.zeros((len(weights), weights.shape[1] + 1), np.int64)
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums[:, upto]


def _group_ends(ordered: NDArray[np.generic]) -> NDArray[np.int64]:
    """Positions of the last of every run of equal values."""
    return np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)


def _draws(n: int, m: int, resamples: int, seed: int, set_number: int) -> Iterator[tuple[Weights, Weights]]:
    """Blocks of counts of both sides, row by row the same resample: (B, n) and (B, m)."""
    inside, outside = image_counts(n, resamples, seed), image_counts(m, resamples, seed + 7919 * set_number)
    left: list[Weights] = [np.empty((0, n), np.int64), np.empty((0, m), np.int64)]
    done = 0
    while done < resamples:
        for side, stream in enumerate((inside, outside)):
            if not len(left[side]):
                left[side] = next(stream)
        rows = min(len(left[0]), len(left[1]))
        yield left[0][:rows], left[1][:rows]
        left = [side[rows:] for side in left]
        done += rows
