"""Detection metrics by counting pairs and thresholds one at a time in rational numbers: slow, and exact."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Scores = Sequence[float]


def auroc(inside: Scores, outside: Scores) -> Fraction:
    won = sum(Fraction(1) if o > i else Fraction(1, 2) if o == i else Fraction(0) for i in inside for o in outside)
    return Fraction(won) / (len(inside) * len(outside))


def curve(negative: Scores, positive: Scores) -> list[tuple[Fraction, Fraction, Fraction]]:
    """(recall, false positive rate, precision) at every distinct score as threshold, from strict to loose."""
    points = []
    for threshold in sorted({*negative, *positive}, reverse=True):
        hits = sum(score >= threshold for score in positive)
        alarms = sum(score >= threshold for score in negative)
        points.append((Fraction(hits, len(positive)), Fraction(alarms, len(negative)), Fraction(hits, hits + alarms)))
    return points


def fpr_at(negative: Scores, positive: Scores, tpr: Fraction) -> Fraction:
    return next(fpr for recall, fpr, _ in curve(negative, positive) if recall >= tpr)


def average_precision(negative: Scores, positive: Scores) -> Fraction:
    area, before = Fraction(0), Fraction(0)
    for recall, _, precision in curve(negative, positive):
        area += (recall - before) * precision
        before = recall
    return area


def trapezoid(negative: Scores, positive: Scores) -> Fraction:
    area, recall_before, precision_before = Fraction(0), Fraction(0), Fraction(1)
    for recall, _, precision in curve(negative, positive):
        area += (recall - recall_before) * (precision + precision_before) / 2
        recall_before, precision_before = recall, precision
    return area


def negated(scores: Scores) -> list[float]:
    return [-score for score in scores]
