"""Detection metrics: a rational oracle under ties, scikit-learn, and the mistakes that public code makes."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import detection_oracle as oracle
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from benchmark.metrics import (
    DetectionScores,
    aupr_trapezoid,
    auroc,
    average_precision,
    detection_scores,
    detection_scores_by_set,
    fpr_at_95_id_positive,
    fpr_at_95_ood_positive,
    fpr_at_tpr,
)


def tied_scores(smallest: int = 1) -> st.SearchStrategy[list[float]]:
    """Scores on a coarse grid, so that most of them tie within and across the sides."""
    return st.lists(st.integers(-4, 4).map(lambda step: step / 3), min_size=smallest, max_size=30)


@settings(max_examples=200, deadline=None)
@given(tied_scores(), tied_scores(), st.integers(1, 20))
def test_equal_to_the_rational_oracle_under_ties(inside: list[float], outside: list[float], twentieths: int) -> None:
    ours = detection_scores(inside, outside)
    back_in, back_out = oracle.negated(inside), oracle.negated(outside)
    assert ours.auroc == float(oracle.auroc(inside, outside))
    assert ours.fpr_at_95_ood_positive == float(oracle.fpr_at(inside, outside, Fraction(19, 20)))
    assert ours.fpr_at_95_id_positive == float(oracle.fpr_at(back_out, back_in, Fraction(19, 20)))
    assert ours.average_precision_ood == pytest.approx(float(oracle.average_precision(inside, outside)), abs=1e-14)
    assert ours.average_precision_id == pytest.approx(float(oracle.average_precision(back_out, back_in)), abs=1e-14)
    assert ours.aupr_trapezoid_ood == pytest.approx(float(oracle.trapezoid(inside, outside)), abs=1e-14)
    assert ours.aupr_trapezoid_id == pytest.approx(float(oracle.trapezoid(back_out, back_in)), abs=1e-14)
    assert ours.tied == sum(i == o for i in inside for o in outside) / (len(inside) * len(outside))
    tpr = Fraction(twentieths, 20)
    assert fpr_at_tpr(inside, outside, float(tpr)) == float(oracle.fpr_at(inside, outside, tpr))
    assert fpr_at_tpr(inside, outside, float(tpr), "id") == float(oracle.fpr_at(back_out, back_in, tpr))


@settings(max_examples=50, deadline=None)
@given(tied_scores(), st.lists(tied_scores(), max_size=4))
def test_one_by_one_all_at_once_and_by_set_agree(inside: list[float], sets: list[list[float]]) -> None:
    named = {f"set {place}": scores for place, scores in enumerate(sets)}
    by_set = detection_scores_by_set(inside, named)
    assert list(by_set) == list(named)
    for name, outside in named.items():
        one_by_one = DetectionScores(
            auroc=auroc(inside, outside),
            fpr_at_95_ood_positive=fpr_at_95_ood_positive(inside, outside),
            fpr_at_95_id_positive=fpr_at_95_id_positive(inside, outside),
            average_precision_ood=average_precision(inside, outside),
            average_precision_id=average_precision(inside, outside, "id"),
            aupr_trapezoid_ood=aupr_trapezoid(inside, outside),
            aupr_trapezoid_id=aupr_trapezoid(inside, outside, "id"),
            tied=by_set[name].tied,
        )
        assert by_set[name] == detection_scores(inside, outside) == one_by_one


@pytest.mark.parametrize(("decimals", "dtype"), [(None, np.float64), (None, np.float32), (1, np.float16), (0, np.int8)])
def test_equal_to_scikit_learn(decimals: int | None, dtype: type) -> None:
    rng = np.random.default_rng(0)
    inside, outside = rng.normal(size=4000), rng.normal(1.2, 1.5, 1500)
    if decimals is not None:
        inside, outside = inside.round(decimals), outside.round(decimals)
    inside, outside = inside.astype(dtype), outside.astype(dtype)
    truth = np.repeat([0, 1], [len(inside), len(outside)])
    pooled = np.concatenate([inside, outside]).astype(np.float64)
    ours = detection_scores(inside, outside)
    assert ours.auroc == pytest.approx(sk.roc_auc_score(truth, pooled), abs=1e-12)
    for positive, labels, scores in (("ood", truth, pooled), ("id", 1 - truth, -pooled)):
        fpr, tpr, _ = sk.roc_curve(labels, scores, drop_intermediate=False)
        assert getattr(ours, f"fpr_at_95_{positive}_positive") == fpr[np.argmax(tpr >= 0.95)]
        step = sk.average_precision_score(labels, scores)
        assert getattr(ours, f"average_precision_{positive}") == pytest.approx(step, abs=1e-12)
        precision, recall, _ = sk.precision_recall_curve(labels, scores)
        trapezoid = sk.auc(recall, precision)
        assert getattr(ours, f"aupr_trapezoid_{positive}") == pytest.approx(trapezoid, abs=1e-12)


def test_perfect_inverted_and_constant_detectors() -> None:
    low, high = np.arange(40.0), np.arange(100.0, 130.0)
    perfect = detection_scores(low, high)
    assert dataclasses.astuple(perfect) == (1, 0, 0, 1, 1, 1, 1, 0)
    inverted = detection_scores(high[:30], low)
    assert (inverted.auroc, inverted.fpr_at_95_ood_positive, inverted.fpr_at_95_id_positive) == (0, 1, 1)
    assert inverted.average_precision_ood < 40 / 70
    assert inverted.average_precision_id < 30 / 70
    constant = detection_scores(np.zeros(40), np.zeros(30))
    assert (constant.auroc, constant.fpr_at_95_ood_positive, constant.fpr_at_95_id_positive) == (0.5, 1, 1)
    assert constant.average_precision_id == 40 / 70
    assert constant.average_precision_ood == 30 / 70
    assert constant.tied == 1


def test_a_constant_detector_is_not_flattered_as_by_the_trapezoid_or_interpolation() -> None:
    """Public code gives it .786 and .714 (trapezoid), an FPR of .95 (interpolation) or 0 (percentile grid)."""
    inside, outside = np.full(4000, 0.5), np.full(3000, 0.5)
    assert aupr_trapezoid(inside, outside, "id") == pytest.approx(0.786, abs=5e-4)
    assert aupr_trapezoid(inside, outside, "ood") == pytest.approx(0.714, abs=5e-4)
    assert average_precision(inside, outside, "id") == pytest.approx(0.571, abs=5e-4)
    assert average_precision(inside, outside, "ood") == pytest.approx(0.4286, abs=5e-5)
    truth = np.repeat([0, 1], [4000, 3000])
    fpr, tpr, _ = sk.roc_curve(truth, np.concatenate([inside, outside]))
    assert np.interp(0.95, tpr, fpr) == pytest.approx(0.95)
    assert fpr_at_95_ood_positive(inside, outside) == fpr_at_95_id_positive(inside, outside) == 1


def test_the_positive_side_of_average_precision_turns_the_scores_too() -> None:
    """Public code that swaps the labels but not the scores gives a perfect detector .254 and an inverted one 1."""
    low, high = np.linspace(0, 1, 4000), np.linspace(2, 3, 3000)
    truth = np.repeat([0, 1], [4000, 3000])
    precision, recall, _ = sk.precision_recall_curve(1 - truth, np.concatenate([low, high]))
    assert sk.auc(recall, precision) < 0.4
    assert average_precision(low, high, "id") == average_precision(low, high, "ood") == 1
    assert max(average_precision(high, low, "id"), average_precision(high, low, "ood")) < 0.5


def test_a_thinned_curve_overstates_the_fpr_of_equal_tie_steps() -> None:
    """20 steps of one OOD and one ID image each: 19 of 20 caught costs 19 of 20, where the thinned curve says 1."""
    steps = np.arange(20.0)
    truth, pooled = np.repeat([0, 1], [20, 20]), np.concatenate([steps, steps])
    fpr, tpr, _ = sk.roc_curve(truth, pooled)
    assert fpr[np.argmax(tpr >= 0.95)] == 1
    assert fpr_at_95_ood_positive(steps, steps) == 0.95


def test_quantised_scores_take_a_threshold_that_exists() -> None:
    """Scores in steps of .1: interpolation and the nearest recall report rates that no threshold has."""
    rng = np.random.default_rng(3)
    inside, outside = rng.normal(0, 0.35, 3000).round(1), rng.normal(0.4, 0.35, 3000).round(1)
    fpr, tpr, _ = sk.roc_curve(np.repeat([1, 0], 3000), -np.concatenate([inside, outside]), drop_intermediate=False)
    ours = fpr_at_95_id_positive(inside, outside)
    assert ours in fpr
    assert tpr[list(fpr).index(ours)] >= 0.95
    assert np.interp(0.95, tpr, fpr) < ours - 0.02
    nearest = np.argmin(np.abs(tpr - 0.95))
    assert tpr[nearest] < 0.95
    assert fpr[nearest] < ours


def test_saturated_scores_lose_what_half_precision_loses() -> None:
    """Softmax confidences of float16 are 1 for many ID images: the FPR rises to 1, and `tied` says why."""
    rng = np.random.default_rng(0)
    margin_in, margin_out = rng.normal(9, 3, 4000), rng.normal(6, 4, 4000)
    fine = [-1 / (1 + np.exp(-margin)) for margin in (margin_in, margin_out)]
    coarse = [scores.astype(np.float16) for scores in fine]
    exact, saturated = detection_scores(*fine), detection_scores(*coarse)
    assert exact.tied < 1e-6 < 0.1 < saturated.tied
    assert exact.fpr_at_95_ood_positive < 1
    assert saturated.fpr_at_95_ood_positive == 1
    assert saturated.auroc < exact.auroc
    assert saturated.aupr_trapezoid_id > exact.aupr_trapezoid_id + 0.01
    assert saturated.average_precision_id == pytest.approx(exact.average_precision_id, abs=0.02)


def test_scores_outside_0_and_1_are_taken_as_they_are() -> None:
    """Energies around 40: a sigmoid, which some libraries apply unasked, would make them all equal to 1."""
    rng = np.random.default_rng(0)
    inside, outside = rng.normal(size=2000), rng.normal(1.2, 1, 2000)
    shifted = detection_scores(inside + 64, outside + 64)
    assert auroc(1 / (1 + np.exp(-(inside + 64))), 1 / (1 + np.exp(-(outside + 64)))) == 0.5
    assert shifted.auroc == pytest.approx(detection_scores(inside, outside).auroc, abs=1e-9)
    assert shifted.auroc > 0.75


@given(tied_scores(), tied_scores())
def test_the_sides_mirror_each_other(inside: list[float], outside: list[float]) -> None:
    there = detection_scores(inside, outside)
    back = detection_scores(oracle.negated(outside), oracle.negated(inside))
    assert there.auroc == back.auroc
    assert there.auroc + auroc(outside, inside) == pytest.approx(1, abs=1e-15)
    assert there.fpr_at_95_ood_positive == back.fpr_at_95_id_positive
    assert there.average_precision_ood == pytest.approx(back.average_precision_id, abs=1e-15)


def test_the_two_conventions_differ() -> None:
    """OOD scores in a narrow middle: catching 95 % of them flags half, accepting 95 % of ID accepts all of them."""
    inside, outside = np.linspace(0, 1, 1001), np.linspace(0.5, 0.6, 1001)
    assert fpr_at_95_ood_positive(inside, outside) == pytest.approx(0.495, abs=0.002)
    assert fpr_at_95_id_positive(inside, outside) == 1


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_are_named_by_position(wrong: float) -> None:
    scores = np.zeros(10)
    scores[[4, 7]] = wrong
    with pytest.raises(ValueError, match=r"in_scores: finite numbers.*position 4 \(2 such in all\)"):
        detection_scores(scores, [1.0])
    with pytest.raises(ValueError, match=r"out_scores far noise: finite numbers.*position 4"):
        detection_scores_by_set([1.0], {"far noise": scores})


@pytest.mark.parametrize("scores", [[], [[0.1]], ["a"], [None], [1j]])
def test_an_empty_side_and_what_is_not_a_score_are_refused(scores: list) -> None:
    with pytest.raises(ValueError, match="in_scores"):
        auroc(scores, [0.0])
    with pytest.raises(ValueError, match="out_scores"):
        detection_scores([0.0], scores)


def test_rates_and_sides_that_do_not_exist_are_refused() -> None:
    for tpr in (0, -0.1, 1.01, math.nan, 95):
        with pytest.raises(ValueError, match="tpr"):
            fpr_at_tpr([0.0], [1.0], tpr)
    for call in (fpr_at_tpr, average_precision, aupr_trapezoid):
        with pytest.raises(ValueError, match="positive: 'ood' or 'id'"):
            call([0.0], [1.0], positive="OOD")
