"""mCE and its relatives against RobustBench's published cells, and the cases that have no cells."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.metrics import (
    corruption_accuracies,
    corruption_errors,
    error_rates,
    mean_accuracy,
    mean_corruption_error,
    relative_mean_corruption_error,
    worst_corruption,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
fractions = st.floats(0, 1)
two_corruptions = st.fixed_dictionaries({name: st.lists(fractions, min_size=3, max_size=3) for name in ("fog", "snow")})


def golden(name: str) -> Any:
    return json.loads((GOLDEN / name).read_text())


CELLS = golden("robustbench_cells.json")
PUBLISHED = golden("robustbench_published.json")
OFFICIAL = {name: [error] for name, error in golden("alexnet_imagenet_c_mean_errors.json").items()}
MODELS = [(data, model) for data, models in PUBLISHED.items() for model in models]


@pytest.mark.parametrize(("data", "model"), MODELS)
def test_every_published_mean_accuracy(data: str, model: str) -> None:
    ours = 100 * mean_accuracy(CELLS[data][model])
    assert ours == pytest.approx(PUBLISHED[data][model]["corruptions_acc"], abs=0.0101)


def test_the_standard_net_of_cifar10_c() -> None:
    assert round(100 * mean_accuracy(CELLS["cifar10"]["Standard"]), 2) == 73.46


@pytest.mark.parametrize("model", PUBLISHED["imagenet"])
@pytest.mark.parametrize(("cells", "key"), [("imagenet", "corruptions_mce"), ("imagenet_3d", "corruptions_mce_3d")])
def test_every_published_mce(model: str, cells: str, key: str) -> None:
    ours = mean_corruption_error(error_rates(CELLS[cells][model]), error_rates(CELLS[cells]["AlexNet"]))
    assert ours == pytest.approx(PUBLISHED["imagenet"][model][key], abs=0.0101)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("Standard_R50", 76.37),
        ("Hendrycks2020AugMix", 64.17),
        ("Hendrycks2020Many", 60.05),
        ("Tian2022Deeper_DeiT-B", 41.70),
        ("AlexNet", 99.97),
    ],
)
def test_mce_with_the_official_constants(model: str, expected: float) -> None:
    assert round(mean_corruption_error(error_rates(CELLS["imagenet"][model]), OFFICIAL), 2) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("Standard_R50", 107.31),
        ("Hendrycks2020AugMix", 81.27),
        ("Hendrycks2020Many", 70.87),
        ("Tian2022Deeper_DeiT-B", 42.04),
        ("AlexNet", 100.0),
    ],
)
def test_relative_mce(model: str, expected: float) -> None:
    clean = {name: 1 - PUBLISHED["imagenet"][name]["clean_acc"] / 100 for name in (model, "AlexNet")}
    ours = relative_mean_corruption_error(
        error_rates(CELLS["imagenet"][model]), clean[model], error_rates(CELLS["imagenet"]["AlexNet"]), clean["AlexNet"]
    )
    assert round(ours, 2) == expected


def test_the_worst_corruption_reorders_the_best_three_of_cifar10_c() -> None:
    worst = {model: worst_corruption(CELLS["cifar10"][model]) for model in CELLS["cifar10"]}
    best_three = sorted(worst, key=lambda model: -worst[model].accuracy)[:3]
    assert best_three == [
        "Calian2021Defending",
        "Erichson2022NoisyMix",
        "Diffenderfer2021Winning_LRR_CARD_Deck",
    ]
    assert [worst[model].name for model in best_three] == ["impulse_noise", "glass_blur", "glass_blur"]
    assert [round(100 * worst[model].accuracy, 1) for model in best_three] == [88.8, 87.4, 86.3]


def test_worst_corruption_takes_the_first_of_equals_and_nothing_of_nothing() -> None:
    assert worst_corruption({"snow": [0.5], "fog": [0.5], "frost": [0.6]}) == ("snow", 0.5)
    assert worst_corruption({}) is None
    assert worst_corruption({"snow": [0.5, math.nan], "fog": [0.1, 0.1]}) is None


@given(two_corruptions)
def test_a_net_against_itself_is_100(errors: dict[str, list[float]]) -> None:
    ours = mean_corruption_error(errors, errors)
    if all(math.fsum(values) > 0 for values in errors.values()):
        assert ours == pytest.approx(100)
    else:
        assert math.isnan(ours)


@given(two_corruptions, two_corruptions, fractions)
def test_mce_is_linear_in_the_errors(errors: dict, reference: dict, factor: float) -> None:
    reference = {name: [0.1 + 0.9 * value for value in values] for name, values in reference.items()}
    scaled = {name: [factor * value for value in values] for name, values in errors.items()}
    assert mean_corruption_error(scaled, reference) == pytest.approx(factor * mean_corruption_error(errors, reference))


def test_missing_cells_give_nan_and_no_cells_give_nan() -> None:
    holed = {"fog": [0.5, math.nan], "snow": [0.2, 0.3]}
    whole = {"fog": [0.5, 0.6], "snow": [0.2, 0.3]}
    assert math.isnan(mean_accuracy(holed))
    assert math.isnan(mean_corruption_error(holed, whole))
    assert math.isnan(relative_mean_corruption_error(whole, 0.1, holed, 0.1))
    assert corruption_errors(holed, whole)["snow"] == 100
    assert math.isnan(mean_accuracy({}))
    assert math.isnan(mean_corruption_error({}, {}))
    assert math.isnan(corruption_accuracies({"fog": []})["fog"])


def test_a_reference_that_corruption_does_not_hurt_gives_nan() -> None:
    assert math.isnan(relative_mean_corruption_error({"fog": [0.5]}, 0.1, {"fog": [0.2]}, 0.2))
    assert relative_mean_corruption_error({"fog": [0.0]}, 0.1, {"fog": [0.3]}, 0.2) == pytest.approx(-100)


def test_what_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="differ in snow"):
        mean_corruption_error({"fog": [0.1]}, {"fog": [0.1], "snow": [0.1]})
    with pytest.raises(ValueError, match="fog 2, snow 1"):
        mean_accuracy({"fog": [0.1, 0.2], "snow": [0.3]})
    with pytest.raises(ValueError, match=r"73\.46 for fog"):
        mean_accuracy({"fog": [73.46]})
    with pytest.raises(ValueError, match="3 severities or one mean for fog"):
        mean_corruption_error({"fog": [0.1, 0.2, 0.3]}, {"fog": [0.1, 0.2]})
    with pytest.raises(ValueError, match="clean_error"):
        relative_mean_corruption_error({"fog": [0.1]}, 8.27, {"fog": [0.1]}, 0.1)
