"""Bad outputs, heads, settings and names are refused in one line that names them."""

from __future__ import annotations

import numpy as np
import pytest
from detection_problem import LinearHead, Problem

from benchmark.detectors import DETECTORS, Fit, InValidation, Outputs, detector_named
from benchmark.errors import MettleError

CALIBRATED = ("temperature_scaling", "kl_matching")


def small() -> tuple[Problem, Fit]:
    problem = Problem()
    return problem, problem.fit(80)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which", ["logits", "features"])
def test_non_finite_outputs_are_refused_with_their_row(which: str, wrong: float) -> None:
    problem, fit = small()
    features = problem.inside(30)[0]
    arrays = {"logits": problem.head.logits(features), "features": features}
    arrays[which][17, 1] = wrong
    with pytest.raises(MettleError, match=f"{which}: .*row 17"):
        Outputs(**arrays)
    with pytest.raises(MettleError, match=f"{which}: .*row 17"):
        DETECTORS["knn"].fit(fit).score(arrays["logits"], arrays["features"])


def test_outputs_of_the_wrong_kind_are_refused() -> None:
    problem, fit = small()
    cases = [
        (lambda: Outputs(np.zeros((3, 1)), None), "2 or more"),
        (lambda: Outputs(np.zeros(3), None), "shape"),
        (lambda: Outputs(np.zeros((3, 2), dtype=np.int64), None), "floating-point"),
        (lambda: InValidation(np.zeros((3, 2)), np.zeros((4, 2))), "4 features and 3 logits"),
        (lambda: Fit(fit.logits, fit.features, fit.labels[:-1]), "80 integers"),
        (lambda: Fit(fit.logits, fit.features, fit.labels + 1), "0..3"),
        (lambda: Fit(fit.logits, fit.features, fit.labels.astype(float)), "integers"),
        (lambda: Fit(fit.logits[:0], fit.features[:0], fit.labels[:0]), "at least one"),
        (lambda: Fit(fit.logits, fit.features, fit.labels, validation_logits=fit.logits), "only one"),
        (lambda: Fit(fit.logits, None, fit.labels, None, np.zeros((9, 3)), np.zeros(9, int)), "4 or more"),
        (lambda: Fit(fit.logits, fit.features, fit.labels, LinearHead(np.zeros((4, 5)), np.zeros(4))), "map the"),
        (
            lambda: Fit(fit.logits, fit.features, fit.labels, LinearHead(problem.head.weight + 1, problem.head.bias)),
            "give the logits",
        ),
        (lambda: DETECTORS["msp"].fit(fit).score(np.zeros((2, 3))), r"shape \(2, 4\)"),
        (lambda: DETECTORS["knn"].fit(fit).score(np.zeros((2, 4)), np.zeros((2, 3))), r"shape \(2, 12\)"),
        (lambda: DETECTORS["knn"].fit(fit).score(np.zeros((2, 4)), np.zeros((1, 12))), r"shape \(2, 12\)"),
        (lambda: DETECTORS["knn"].fit(fit).score(np.zeros((2, 4))), "reads features"),
        (lambda: DETECTORS["knn"].fit(Fit(fit.logits, None, fit.labels)), "penultimate features"),
        (lambda: DETECTORS["knn"].fit(Fit(fit.logits, np.empty((80, 0)), fit.labels)), "penultimate features"),
    ]
    for call, message in cases:
        with pytest.raises(MettleError, match=message):
            call()


def test_only_some_detectors_need_a_head_and_they_name_themselves() -> None:
    _, fit = small()
    bare = Fit(fit.logits, fit.features, fit.labels)
    refused = [name for name, detector in DETECTORS.items() if detector.needs_head]
    assert refused == ["react", "ash", "scale", "vim", "dice", "fdbd"]
    for name, detector in DETECTORS.items():
        if name in refused:
            with pytest.raises(MettleError, match=f"detector {name}: .*msp, energy or knn"):
                detector.fit(bare)
        else:
            assert detector.fit(bare).name == name


def test_logit_detectors_do_without_features() -> None:
    problem, fit = small()
    bare = Fit(fit.logits, None, fit.labels)
    logits = problem.head.logits(problem.outside(9))
    for detector in DETECTORS.values():
        if not (detector.needs_features or detector.needs_head):
            without = Outputs(logits, np.empty((9, 0)))
            scores = detector.fit(bare).score(without.logits, without.features)
            assert np.array_equal(scores, detector.fit(fit).score(logits)) or detector.name in CALIBRATED


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("knn", {"k": 0}, "knn: k: .*whole number in 1"),
        ("knn", {"k": 2.5}, "2.5"),
        ("knn", {"k": True}, "True"),
        ("knn", {"k": float("nan")}, "nan"),
        ("knn", {"k": 81}, "at most the 80 training images"),
        ("knn", {"neighbours": 5}, "'neighbours'.* It has: k"),
        ("nnguide", {"k": 1000}, "at most the 80 training images"),
        ("msp", {"temperature": 2}, "Leave the parameters out"),
        ("react", {"percentile": 101}, "0..100"),
        ("vim", {"principal_share": 1}, "0..0.999"),
        ("gen", {"gamma": "large"}, "'large'"),
    ],
)
def test_settings_are_checked(name: str, parameters: dict, message: str) -> None:
    _, fit = small()
    with pytest.raises(MettleError, match=message):
        DETECTORS[name].fit(fit, parameters)


def test_settings_left_out_are_the_default_ones() -> None:
    _, fit = small()
    fitted = DETECTORS["gen"].fit(fit, {"top": 2.0})
    assert fitted.parameters == {"gamma": 0.1, "top": 2}
    assert isinstance(fitted.parameters["top"], int)


def test_an_unknown_detector_is_answered_with_the_nearest() -> None:
    assert detector_named("vim") is DETECTORS["vim"]
    with pytest.raises(MettleError, match=r"'mahalonobis'.*mahalanobis"):
        detector_named("mahalonobis")
    with pytest.raises(MettleError, match="msp, temperature_scaling"):
        detector_named("zzz")
