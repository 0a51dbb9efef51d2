"""Every detector equals its formula, taken literally, for every setting of its grid."""

from __future__ import annotations

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from detection_problem import Problem
from plain_formulas import FORMULAS, Case

from benchmark.detectors import DETECTORS
from benchmark.detectors.softmax import log_complements, log_odds_against_top, log_probabilities, log_sum_exp
from benchmark.detectors.temperature_scaling import HIGHEST, LOWEST, likeliest_temperature

ORDER = [
    "msp",
    "temperature_scaling",
    "max_logit",
    "energy",
    "gen",
    "kl_matching",
    "entropy",
    "react",
    "ash",
    "scale",
    "mahalanobis",
    "relative_mahalanobis",
    "knn",
    "vim",
    "she",
    "dice",
    "nnguide",
    "fdbd",
    "odin",
]


def test_the_registry_is_the_published_list() -> None:
    assert list(DETECTORS) == ORDER
    assert set(FORMULAS) == set(ORDER)
    for name, detector in DETECTORS.items():
        assert detector.name == name
        assert detector.source
        for setting in detector.grid:
            assert set(setting) == set(detector.ranges)
            assert detector.checked(setting) == setting


@pytest.mark.parametrize("name", ORDER)
def test_scores_are_the_formula(name: str) -> None:
    problem = Problem(seed=3)
    fit = problem.fit(150)
    features = np.concatenate([problem.inside(6)[0], problem.outside(6)])
    logits = problem.head.logits(features)
    settings = [s for s in DETECTORS[name].grid if s.get("k", 0) <= 150]
    for setting in settings[:8]:
        scores = DETECTORS[name].fit(fit, setting).score(logits, features)
        plain = [
            FORMULAS[name](Case(fit, dict(setting), row, image.astype(np.float64)))
            for row, image in zip(logits, features, strict=True)
        ]
        # The temperature of the plain search is good to about 1e-8; everything else is exact up to rounding.
        tolerance = 1e-6 if name == "temperature_scaling" else 1e-9
        np.testing.assert_allclose(scores, plain, rtol=tolerance, atol=1e-12)


def test_log_domain_keeps_saturated_images_apart() -> None:
    getcontext().prec = 60
    leads = np.array([30.0, 40.0, 60.0, 200.0, 900.0])
    logits = np.stack([leads, np.zeros(5), np.full(5, -1.0)], axis=1)
    for row, odds, logs, rest in zip(
        logits, log_odds_against_top(logits), log_probabilities(logits), log_complements(logits), strict=True
    ):
        powers = [Decimal(float(value)).exp() for value in row]
        top = powers[0] / sum(powers)
        other = (powers[1] + powers[2]) / sum(powers)
        assert math.isclose(odds, float((other / top).ln()), rel_tol=1e-14)
        assert math.isclose(rest[0], float(other.ln()), rel_tol=1e-14)
        assert math.isclose(logs[0], float(top.ln()) if other > Decimal("1e-50") else -float(other), rel_tol=1e-9)
    assert (1 - np.exp(logits - log_sum_exp(logits)[:, None])[:, 0] == 0).sum() >= 3  # what is avoided
    for name in ("msp", "gen", "max_logit", "energy"):
        fit = Problem(classes=3).fit(30)
        assert (np.diff(DETECTORS[name].fit(fit).score(logits)) < 0).all(), name


def test_log_quantities_of_ties_and_extremes() -> None:
    tied = np.zeros((1, 4))
    assert log_odds_against_top(tied) == pytest.approx(math.log(3), abs=1e-15)
    np.testing.assert_allclose(log_probabilities(tied), -math.log(4), rtol=1e-15)
    np.testing.assert_allclose(log_complements(tied), math.log(0.75), rtol=1e-14)
    huge = np.array([[1e8, 0.0], [-1e300, 1e300]])
    for values in (log_odds_against_top(huge[:1]), log_probabilities(huge[:1]), log_sum_exp(huge)):
        assert np.isfinite(values).all()


def test_temperature_of_defined_cases() -> None:
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(0, 1, (4000, 3)), np.empty(4000, dtype=np.int64)
    for place, row in enumerate(logits):
        p = np.exp(row) / np.exp(row).sum()
        labels[place] = rng.choice(3, p=p)
    assert likeliest_temperature(logits, labels) == pytest.approx(1, abs=0.1)  # drawn from the softmax itself
    assert likeliest_temperature(7 * logits, labels) == pytest.approx(7 * likeliest_temperature(logits, labels))
    assert likeliest_temperature(logits, logits.argmax(axis=1)) == LOWEST  # never wrong
    assert likeliest_temperature(logits, logits.argmin(axis=1)) == HIGHEST  # never right
    assert likeliest_temperature(np.zeros((5, 3)), np.zeros(5, dtype=np.int64)) == 1.0


def test_calibration_reads_validation_where_given() -> None:
    problem = Problem()
    fit = problem.fit(200)
    assert fit.calibration_logits is fit.validation_logits
    assert fit.calibration_labels is fit.validation_labels
    bare = type(fit)(fit.logits, fit.features, fit.labels, fit.head)
    assert bare.calibration_logits is fit.logits
    for name in ("temperature_scaling", "kl_matching"):
        images = problem.head.logits(problem.outside(5))
        assert not np.array_equal(DETECTORS[name].fit(fit).score(images), DETECTORS[name].fit(bare).score(images))


def test_gen_takes_all_classes_when_top_is_larger() -> None:
    problem = Problem(classes=5)
    fit, logits = problem.fit(40), problem.head.logits(problem.outside(10))
    scores = [DETECTORS["gen"].fit(fit, {"top": top}).score(logits) for top in (4, 5, 1000)]
    assert np.array_equal(scores[1], scores[2])
    assert not np.array_equal(scores[0], scores[1])
