"""Effective robustness: the fits over 30 published models, and accuracies of 0 and 100 %."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from benchmark.metrics import LogitLine, effective_robustness, fit_logit_line


def cifar10_1_accuracies(mirror: Path) -> dict[str, dict[str, float]]:
    """Accuracy of the 30 published models on the CIFAR-10 test set, CIFAR-10.1 v4 and v6."""
    folder = mirror / "predictions" / "cifar10.1"
    labels = {
        "original": np.load(mirror / "labels" / "cifar10_test_set_original_labels.npy"),
        "v4": np.load(folder / "cifar10.1_v4_labels.npy"),
        "v6": np.load(folder / "cifar10.1_v6_labels.npy"),
    }
    models = sorted(path.name for path in (folder / "original_predictions").glob("*.json"))
    return {
        part: {
            name.removesuffix("_predictions.json"): float(
                np.mean(np.array(json.loads((folder / f"{part}_predictions" / name).read_text())) == truth)
            )
            for name in models
        }
        for part, truth in labels.items()
    }


def test_the_fits_over_30_published_models_on_cifar10_1(mirror: Path) -> None:
    accuracies = cifar10_1_accuracies(mirror)
    names = list(accuracies["original"])
    assert len(names) == 30
    original = [accuracies["original"][name] for name in names]
    v6 = fit_logit_line(original, [accuracies["v6"][name] for name in names])
    v4 = fit_logit_line(original, [accuracies["v4"][name] for name in names])
    assert v6 == pytest.approx((0.8393, -0.4715, 0.98165, 30), abs=5e-5)
    assert v4 == pytest.approx((0.8385, -0.4966, 0.9806, 30), abs=5e-5)
    assert v6.expected(0.95) == pytest.approx(0.8808, abs=5e-5)
    above = [effective_robustness(v6, accuracies["original"][name], accuracies["v6"][name]) for name in names]
    assert np.std(above, ddof=2) == pytest.approx(0.0084, abs=5e-5)


@pytest.mark.parametrize(
    ("model", "percent"),
    [
        ("shake_shake_26_2x64d_SSI_cutout16", (97.11, 92.97, 93.10)),
        ("shake_drop", (96.87, 92.28, 92.30)),
        ("wrn_28_10", (95.93, 89.71, 90.15)),
        ("resnet_basic_32", (92.52, 84.86, 85.20)),
        ("cudaconvnet", (88.54, 77.54, 78.20)),
        ("alexnet_tf_ben", (81.98, 68.88, 69.20)),
    ],
)
def test_published_accuracies(mirror: Path, model: str, percent: tuple[float, float, float]) -> None:
    accuracies = cifar10_1_accuracies(mirror)
    found = [100 * accuracies[part][model] for part in ("original", "v4", "v6")]
    assert found == pytest.approx(percent, abs=0.006)


def test_a_line_is_found_again() -> None:
    original = np.linspace(0.3, 0.95, 20)
    shifted = 1 / (1 + np.exp(0.4 - 0.8 * np.log(original / (1 - original))))
    line = fit_logit_line(original, shifted)
    assert line == pytest.approx((0.8, -0.4, 1.0, 20))
    assert effective_robustness(line, 0.9, line.expected(0.9) + 0.03) == pytest.approx(0.03)
    assert effective_robustness(LogitLine(1, 0), 0.9, 0.8) == pytest.approx(-0.1)


def test_0_and_100_percent_are_moved_by_half_an_image_or_refused() -> None:
    with pytest.raises(ValueError, match=r"shifted_accuracies: between 0 and 1.*got 0 at position 1"):
        fit_logit_line([0.5, 0.6, 0.7], [0.3, 0.0, 0.5])
    with pytest.raises(ValueError, match=r"id_accuracy: between 0 and 1.*got 1 at position 0"):
        effective_robustness(LogitLine(1, 0), 1.0, 0.9)
    moved = fit_logit_line([0.5, 0.6, 0.7], [0.3, 0.0, 0.5], shifted_images=1000)
    assert moved == fit_logit_line([0.5, 0.6, 0.7], [0.3, 0.0005, 0.5])
    at_top = effective_robustness(LogitLine(1, 0), 1.0, 0.9, id_images=1000)
    assert at_top == pytest.approx(0.9 - 0.9995)
    assert effective_robustness(LogitLine(1, 0), 0.5, 1.0) == 0.5
    assert effective_robustness(LogitLine(1, 0), 0.5, 0.0) == -0.5
    assert (LogitLine(0.8, -0.4).expected(1.0), LogitLine(0.8, -0.4).expected(0.0)) == (1, 0)


def test_what_gives_no_line_is_refused() -> None:
    for original in ([], [0.5], [0.5, 0.5]):
        with pytest.raises(ValueError, match="at least two different"):
            fit_logit_line(original, original)
    with pytest.raises(ValueError, match="shifted_accuracies: 2 values"):
        fit_logit_line([0.5, 0.6], [0.5])
    with pytest.raises(ValueError, match="at least 1 test image"):
        fit_logit_line([0.5, 0.6], [0.5, 0.6], id_images=0)
    for wrong in (math.nan, -0.1, 93.1):
        with pytest.raises(ValueError, match="fractions in"):
            fit_logit_line([0.5, 0.6], [0.5, wrong])
        with pytest.raises(ValueError, match="shifted_accuracy: fractions in"):
            effective_robustness(LogitLine(1, 0), 0.5, wrong)
