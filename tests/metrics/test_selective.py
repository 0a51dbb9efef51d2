"""Risk over coverage and open-set rates against the plain definitions, in rational numbers and over all tie orders."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.metrics import area_under_risk_coverage, auroc, oscr

ANSWERS = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=6)
MANY_ANSWERS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


def area_of_one_order(correct: list[bool]) -> Fraction:
    risks = [Fraction(sum(not answer for answer in correct[:kept]), kept) for kept in range(1, len(correct) + 1)]
    return sum(risks, Fraction(0)) / len(correct)


@given(ANSWERS)
def test_aurc_is_the_mean_over_all_orders_of_the_ties(answers: list[tuple[int, bool]]) -> None:
    areas = []
    for order in itertools.permutations(answers):
        if all(first[0] >= second[0] for first, second in itertools.pairwise(order)):
            areas.append(area_of_one_order([correct for _, correct in order]))
    confidence, correct = zip(*answers, strict=True)
    ours = area_under_risk_coverage(confidence, np.array(correct))
    assert ours == pytest.approx(float(sum(areas) / len(areas)), abs=1e-12)


@given(MANY_ANSWERS)
def test_aurc_of_a_constant_confidence_is_the_error_rate(answers: list[tuple[int, bool]]) -> None:
    correct = np.array([answer for _, answer in answers])
    assert area_under_risk_coverage(np.zeros(len(correct)), correct) == pytest.approx(1 - correct.mean(), abs=1e-12)


def test_aurc_rewards_wrong_answers_at_the_end_and_not_the_order_of_the_file() -> None:
    right_first = np.arange(1000) < 800
    best = area_under_risk_coverage(np.arange(1000, 0, -1), right_first)
    assert best == pytest.approx(0.2 + 0.8 * math.log(0.8), abs=1e-3)  # the oracle of Geifman et al.
    assert (
        best
        < area_under_risk_coverage(np.zeros(1000), right_first)
        < area_under_risk_coverage(np.arange(1000), right_first)
    )
    assert math.isnan(area_under_risk_coverage([], []))
    assert area_under_risk_coverage([0.3], [True]) == 0


@given(MANY_ANSWERS, st.lists(st.integers(0, 12), min_size=1, max_size=40))
def test_oscr_is_the_area_under_the_curve_over_all_thresholds(inside: list, outside: list) -> None:
    confidence, correct = (np.array(values) for values in zip(*inside, strict=True))
    points = [(Fraction(0), Fraction(0))]
    for threshold in sorted({*confidence.tolist(), *outside}, reverse=True):
        accepted = Fraction(sum(score >= threshold for score in outside), len(outside))
        right = Fraction(int(((confidence >= threshold) & correct).sum()), len(inside))
        points.append((accepted, right))
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in itertools.pairwise(points))
    assert oscr(confidence, correct, outside) == pytest.approx(float(area), abs=1e-14)


def test_oscr_at_its_ends() -> None:
    confidence, correct = np.linspace(0.5, 1, 100), np.arange(100) % 4 > 0
    assert oscr(confidence, correct, np.full(50, 0.1)) == 0.75
    assert oscr(confidence, correct, np.full(50, 2.0)) == 0
    assert oscr(np.ones(100), correct, np.ones(50)) == 0.375
    assert oscr(confidence, np.zeros(100, dtype=bool), np.zeros(50)) == 0
    rng = np.random.default_rng(0)
    out_confidence = rng.random(50)
    all_right = oscr(confidence, np.ones(100, dtype=bool), out_confidence)
    assert all_right == auroc(-confidence, -out_confidence)


@pytest.mark.parametrize("confidence", [[0.1], [0.1, math.nan], [0.1, math.inf], [[0.1, 0.2]], []])
def test_confidences_that_do_not_fit_are_refused(confidence: list) -> None:
    correct = np.array([True, False])
    with pytest.raises(ValueError, match="confidence"):
        area_under_risk_coverage(confidence, correct)
    with pytest.raises(ValueError, match="in_confidence"):
        oscr(confidence, correct, [0.1])
    with pytest.raises(ValueError, match="out_confidence"):
        oscr([0.1, 0.2], correct, [])
    with pytest.raises(ValueError, match="correct: bool"):
        oscr([0.1, 0.2], [1, 0], [0.1])
