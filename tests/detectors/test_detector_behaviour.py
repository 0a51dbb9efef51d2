"""What holds for every detector: floors, published behaviour, independence of blocks and of the other images."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from detection_problem import LinearHead, Problem

from benchmark.detectors import DETECTORS, Fit
from benchmark.detectors.gaussian import fit_gaussians
from benchmark.metrics.detection import auroc

NAMES = list(DETECTORS)


@pytest.mark.parametrize("name", NAMES)
def test_a_net_that_answers_the_same_is_at_the_floor(name: str) -> None:
    features = np.full((60, 5), 0.7, dtype=np.float32)
    head = LinearHead(np.random.default_rng(0).normal(0, 1, (3, 5)), np.array([0.1, 0.2, 0.3]))
    fit = Fit(head.logits(features), features, np.arange(60) % 3, head)
    scores = (
        DETECTORS[name]
        .fit(fit, {"k": 5} if "k" in DETECTORS[name].ranges else {})
        .score(head.logits(features), features)
    )
    assert auroc(scores[:25], scores[25:]) == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_a_net_that_knows_nothing_is_near_the_floor(name: str) -> None:
    rng = np.random.default_rng(2)
    head = LinearHead(rng.normal(0, 1, (6, 16)), rng.normal(0, 1, 6))
    features = [np.maximum(rng.normal(0, 1, (1500, 16)), 0).astype(np.float32) for _ in range(3)]
    fit = Fit(head.logits(features[0]), features[0], rng.integers(0, 6, 1500), head)
    fitted = DETECTORS[name].fit(fit)
    inside, outside = (fitted.score(head.logits(part), part) for part in features[1:])
    assert abs(auroc(inside, outside) - 0.5) < 0.04  # about 4 standard errors


def detected(name: str, fit: Fit, problem: Problem, inside: np.ndarray, outside: np.ndarray) -> float:
    fitted = DETECTORS[name].fit(fit)
    return auroc(*(fitted.score(problem.head.logits(part), part) for part in (inside, outside)))


@pytest.mark.parametrize("name", NAMES)
def test_images_of_no_class_score_higher(name: str) -> None:
    problem = Problem(classes=6, dimensions=48, seed=4, noise=0.7)
    assert detected(name, problem.fit(2000), problem, problem.inside(600)[0], problem.outside(600)) > 0.9


def test_relative_distance_mends_mahalanobis_where_classes_are_broad() -> None:
    """Ren et al. (2021): directions that all classes share drown the plain distance."""
    problem = Problem(classes=6, dimensions=48, seed=4)
    fit, inside, outside = problem.fit(2000), problem.inside(600)[0], problem.outside(600)
    plain, relative = (
        detected(name, fit, problem, inside, outside) for name in ("mahalanobis", "relative_mahalanobis")
    )
    assert plain < 0.6
    assert relative > 0.8


def test_what_logits_cannot_see_features_can() -> None:
    """Wang et al. (2022): a shift in the null space of the head leaves the logits as they are."""
    problem = Problem(classes=6, dimensions=48, seed=4, noise=0.7)
    fit, inside = problem.fit(2000), problem.inside(600)[0]
    null_space = np.linalg.svd(problem.head.weight)[2][6:]
    outside = (problem.inside(600)[0] + 7 * null_space.sum(axis=0) / np.sqrt(42)).astype(np.float32)
    for name in ("msp", "max_logit", "energy", "gen", "entropy", "kl_matching", "temperature_scaling", "odin"):
        assert abs(detected(name, fit, problem, inside, outside) - 0.5) < 0.08, name
    for name in ("mahalanobis", "knn", "vim"):
        assert detected(name, fit, problem, inside, outside) > 0.9, name


@pytest.mark.parametrize("name", NAMES)
def test_scores_do_not_depend_on_blocks_or_neighbours(name: str) -> None:
    problem = Problem(classes=5, dimensions=20, seed=5)
    fitted = DETECTORS[name].fit(problem.fit(700))
    features = np.concatenate([problem.inside(150)[0], problem.outside(150)])
    logits = problem.head.logits(features)
    whole = fitted.score(logits, features)
    assert whole.dtype == np.float64
    order = np.random.default_rng(0).permutation(300)
    for rows in (1, 7, 299):
        again = np.empty(300)
        again[order] = fitted.score(logits[order], features[order], rows=rows)
        np.testing.assert_allclose(again, whole, rtol=1e-12, atol=1e-13)
    if name == "knn":
        assert np.array_equal(again, whole)
    assert len(fitted.score(logits[:0], features[:0])) == 0


@pytest.mark.parametrize("name", NAMES)
def test_fitting_twice_gives_the_same_scores_and_touches_nothing(name: str) -> None:
    problem = Problem(seed=6)
    fit = problem.fit(120)
    features = problem.outside(30)
    logits = problem.head.logits(features)
    before = [array.copy() for array in (fit.logits, fit.features, fit.labels, logits, features)]
    first, second = (DETECTORS[name].fit(fit).score(logits, features) for _ in range(2))
    assert np.array_equal(first, second)
    for old, new in zip(before, (fit.logits, fit.features, fit.labels, logits, features), strict=True):
        assert np.array_equal(old, new)


def test_dead_units_do_not_decide() -> None:
    """A unit that no training image wakes has no variance to divide by: it leaves the distances as they were."""
    problem = Problem(dimensions=8, seed=7)
    features, labels = problem.inside(400)
    images = problem.outside(50).astype(np.float64)
    alone = fit_gaussians(features, labels).squared_distances(images)
    dead = np.concatenate([features, np.zeros((400, 2), np.float32)], axis=1)
    awake = np.concatenate([images, np.full((50, 2), 3.0)], axis=1)
    np.testing.assert_allclose(fit_gaussians(dead, labels).squared_distances(awake), alone, rtol=1e-9)
    copies = np.concatenate([features, features], axis=1)  # rank 8 of 16: as a pseudo-inverse, not infinite
    twice = fit_gaussians(copies, labels).squared_distances(np.concatenate([images, images], axis=1))
    np.testing.assert_allclose(twice, alone, rtol=1e-9)


def test_classes_without_images_are_left_out_or_defined() -> None:
    problem = Problem(classes=4, seed=8)
    features, labels = problem.inside(200)
    chosen = labels != 2
    fit = Fit(problem.head.logits(features[chosen]), features[chosen], labels[chosen], problem.head)
    images = problem.inside(100)[0]
    logits = problem.head.logits(images)
    assert (logits.argmax(axis=1) == 2).any()
    for name in NAMES:
        assert np.isfinite(DETECTORS[name].fit(fit).score(logits, images)).all()
    she = DETECTORS["she"].fit(fit).score(logits, images)
    missing = logits.argmax(axis=1) == 2
    everything = fit.features.mean(axis=0, dtype=np.float64)
    np.testing.assert_allclose(she[missing], -(images[missing] @ everything), rtol=1e-6)


def test_she_without_a_right_answer_takes_all_of_the_class() -> None:
    features = np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 2.0]], dtype=np.float32)
    logits = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    fitted = DETECTORS["she"].fit(Fit(logits, features, np.array([0, 0, 1])))
    assert fitted.score(np.array([[5.0, 0.0]]), np.ones((1, 2))) == -2.0


def test_without_a_residual_vim_is_the_energy() -> None:
    rng = np.random.default_rng(9)
    head = LinearHead(rng.normal(0, 1, (3, 6)), np.zeros(3))
    flat = np.concatenate([rng.normal(0, 1, (100, 2)), np.zeros((100, 4))], axis=1).astype(np.float32)
    fit = Fit(head.logits(flat), flat, rng.integers(0, 3, 100), head)
    energy = DETECTORS["energy"].fit(fit).score(fit.logits)
    assert np.array_equal(DETECTORS["vim"].fit(fit).score(fit.logits, flat), energy)
    smaller = DETECTORS["vim"].fit(fit, {"principal_share": 0.2}).score(fit.logits, flat)
    assert not np.allclose(smaller, energy)


def test_features_below_zero_and_of_nothing_are_defined() -> None:
    problem = Problem(seed=10)
    fit = problem.fit(100)
    features = np.concatenate([np.zeros((1, 12)), -problem.outside(3)]).astype(np.float32)
    logits = problem.head.logits(features)
    for name in NAMES:
        assert np.isfinite(DETECTORS[name].fit(fit).score(logits, features)).all(), name
    scale, energy = (DETECTORS[name].fit(fit).score(logits, features) for name in ("scale", "energy"))
    assert scale[0] == pytest.approx(energy[0])


def test_the_package_does_not_import_torch() -> None:
    code = "import sys, benchmark.detectors; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
