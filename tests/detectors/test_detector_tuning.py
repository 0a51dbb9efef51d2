"""Tuning takes the best setting on validation images alone; ties, NaN and impossible settings are defined."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Sequence

import numpy as np
import pytest
from detection_problem import Problem

from benchmark.detectors import DETECTORS, Fit, InValidation, OutValidation, tune
from benchmark.detectors.detector import Detector, Score
from benchmark.detectors.settings import Parameters, Range
from benchmark.errors import MettleError
from benchmark.metrics.detection import auroc


class Chosen(Detector):
    """Scores by the first logit, times the setting; what a setting breaks is said by its value."""

    name = "chosen"
    source = "this test"
    grid = tuple({"factor": factor} for factor in (-1.0, 1.0, 2.0, 3.0, 4.0))
    ranges = {"factor": Range(-10, 10)}

    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        factor = parameters["factor"]
        if factor == 3:
            raise MettleError("detector chosen", "cannot be fitted with this factor", factor)
        wrong = {4.0: np.nan}.get(factor, 1.0)
        return lambda logits, _features: factor * wrong * logits[:, 0]


def validation(inside: list[float], outside: list[float]) -> tuple[InValidation, OutValidation]:
    def logits(values: list[float]) -> np.ndarray:
        return np.stack([np.array(values), np.zeros(len(values))], axis=1)

    return InValidation(logits(inside), None), OutValidation(logits(outside), None)


TRAIN = Fit(np.zeros((4, 2)), None, np.array([0, 1, 0, 1]))


def test_the_best_on_validation_wins_and_ties_go_to_the_first() -> None:
    assert tune(Chosen(), TRAIN, *validation([1, 2, 3], [4, 5])) == {"factor": 1.0}
    assert tune(Chosen(), TRAIN, *validation([4, 5], [1, 2, 3])) == {"factor": -1.0}
    assert tune(Chosen(), TRAIN, *validation([1, 1], [1])) == {"factor": -1.0}


def test_several_ood_sets_count_equally() -> None:
    inside, above = validation([1, 2, 3], [9] * 100)
    _, below = validation([0], [0])
    _, also_below = validation([0], [-1])
    assert tune(Chosen(), TRAIN, inside, [above, below, also_below]) == {"factor": -1.0}
    assert tune(Chosen(), TRAIN, inside, [above, below]) == {"factor": -1.0}  # 1/2 each: the first
    assert tune(Chosen(), TRAIN, inside, [above, above, below]) == {"factor": 1.0}


def test_broken_settings_are_left_out_until_none_is_left() -> None:
    class Broken(Chosen):
        grid = ({"factor": 3.0}, {"factor": 4.0})

    class HalfBroken(Chosen):
        grid = ({"factor": 3.0}, {"factor": 4.0}, {"factor": -1.0})

    sets = validation([1, 2], [3])
    assert tune(HalfBroken(), TRAIN, *sets) == {"factor": -1.0}
    with pytest.raises(MettleError, match="cannot be fitted"):
        tune(Broken(), TRAIN, *sets)


def test_validation_needs_images() -> None:
    inside, outside = validation([1], [2])
    for pair in (validation([], [1]), validation([1], []), (inside, [])):
        with pytest.raises(MettleError, match="at least one ID and one OOD"):
            tune(Chosen(), TRAIN, *pair)
    assert tune(DETECTORS["msp"], TRAIN, inside, outside) == {}


@pytest.mark.parametrize("name", list(DETECTORS))
def test_tuned_settings_are_the_argmax_over_the_grid(name: str) -> None:
    problem = Problem(classes=5, dimensions=16, seed=11)
    fit, (inside, outside) = problem.fit(300), problem.validation(200)
    values = {}
    for place, setting in enumerate(DETECTORS[name].grid):
        if setting.get("k", 0) > 300:
            continue
        fitted = DETECTORS[name].fit(fit, setting)
        values[place] = auroc(*(fitted.score(part.logits, part.features) for part in (inside, outside)))
    best = max(values, key=lambda place: (values[place], -place))
    assert tune(DETECTORS[name], fit, inside, outside) == DETECTORS[name].grid[best]


def test_no_argument_can_carry_test_images() -> None:
    """Fitting and tuning take training and validation outputs by type; scoring is the only way in for others."""
    hints = typing.get_type_hints(tune)
    assert set(inspect.signature(tune).parameters) == {"detector", "train", "in_validation", "out_validation"}
    assert hints["train"] is Fit
    assert hints["in_validation"] is InValidation
    assert set(typing.get_args(hints["out_validation"])) == {OutValidation, Sequence[OutValidation]}
    assert set(inspect.signature(Detector.fit).parameters) == {"self", "train", "parameters"}
    assert typing.get_type_hints(Detector.fit)["train"] is Fit


def test_scoring_leaves_a_fitted_detector_as_it_is() -> None:
    problem = Problem(seed=12)
    fit, features = problem.fit(100), problem.inside(40)[0]
    for detector in DETECTORS.values():
        fitted = detector.fit(fit)
        before = fitted.score(problem.head.logits(features), features)
        fitted.score(1e3 * problem.head.logits(problem.outside(40)), 1e3 * problem.outside(40))
        assert np.array_equal(before, fitted.score(problem.head.logits(features), features))
