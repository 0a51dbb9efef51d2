"""The committed figures: at most 1 % false alarms, the moves the search is made for are found, limits are stated."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmark import data
from benchmark.contamination import closest_test_images
from benchmark.documents.measured.contamination_figures import copy_threshold, read_figures
from benchmark.errors import MettleError
from benchmark.statistics import wilson_interval
from scripts.leak_transforms import COLOUR_LEAKS, LEAKS, leaked
from scripts.measure_contamination import DATASETS, lowest_threshold

MOVES = ("identical", "mirrored", "shifted 1 px", "turned 5 degrees", "turned 10 degrees", "scaled .9")


@pytest.mark.parametrize("dataset", DATASETS)
def test_false_alarms_are_one_percent_at_most_with_their_interval(dataset: str) -> None:
    figures = read_figures(dataset)
    for gate in (figures.aligned, figures.in_place):
        assert wilson_interval(gate.false_alarms, figures.honest_images).upper <= 0.01
        assert gate.threshold == round(gate.threshold, 3)
    assert figures.honest_images >= 3000
    assert figures.leaked_images >= 500


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_leak_is_in_the_table_and_moves_are_found(dataset: str) -> None:
    figures = read_figures(dataset)
    expected = [*LEAKS, *(COLOUR_LEAKS if dataset == "cifar10" else ())]
    assert list(figures.aligned.found) == list(figures.in_place.found) == expected
    assert all(figures.aligned.found[name] >= 0.93 for name in MOVES)


def test_a_data_set_has_its_own_threshold_or_the_strictest_measured() -> None:
    measured = {dataset: read_figures(dataset).aligned.threshold for dataset in DATASETS}
    assert {dataset: copy_threshold(dataset) for dataset in DATASETS} == measured
    assert copy_threshold("svhn") == max(measured.values())


def test_a_data_set_without_figures_is_refused() -> None:
    with pytest.raises(MettleError, match=r"one of cifar10, fashion-mnist, but got svhn\. Make them"):
        read_figures("svhn")


def test_an_unreadable_measurement_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MettleError, match=r"x\.json"):
        copy_threshold("x", tmp_path)


@pytest.mark.parametrize("honest", [4000, 3000, 500])
def test_the_threshold_is_the_lowest_allowed(honest: int) -> None:
    correlations = np.round(np.random.default_rng(1).random(honest), 3)
    threshold = lowest_threshold(correlations)
    assert wilson_interval((correlations >= threshold).sum(), honest).upper <= 0.01
    one_step_lower = (correlations >= threshold - 0.001).sum()
    assert wilson_interval(one_step_lower, honest).upper > 0.01


def test_too_few_honest_images_give_no_threshold() -> None:
    with pytest.raises(SystemExit, match="too few"):
        lowest_threshold(np.zeros(100))


def test_leaks_are_drawn_by_the_seed_and_keep_their_shape() -> None:
    images = np.random.default_rng(2).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    first, again, other = (dict(leaked(images, seed)) for seed in (1, 1, 2))
    assert set(first) == {*LEAKS, *COLOUR_LEAKS}
    for name, changed in first.items():
        assert changed.dtype == np.uint8
        assert changed.shape == images.shape
        assert (changed == again[name]).all()
        assert name == "identical" or not (changed == images).all()
    assert not (first["noise, sd 10 levels"] == other["noise, sd 10 levels"]).all()


@pytest.mark.slow
def test_leaks_of_fashion_mnist_are_found_as_often_as_the_figures_say() -> None:
    """Other leaked images than those of the figures; five standard errors of slack."""
    figures, test = read_figures("fashion-mnist"), data.load("fashion-mnist", "test").images
    ids = np.random.default_rng(3).choice(len(test), 60, replace=False)
    names = ("shifted 2 px", "turned 10 degrees", "scaled .9")
    submitted = np.concatenate([LEAKS[name](test[ids], np.random.default_rng(4)) for name in names])
    closest = closest_test_images(submitted, test)
    right = (closest.correlations >= figures.aligned.threshold) & (closest.test_rows == np.tile(ids, len(names)))
    for name, found in zip(names, right.reshape(len(names), -1).mean(axis=1), strict=True):
        expected = figures.aligned.found[name]
        assert found >= expected - 5 * np.sqrt(max(expected * (1 - expected), 0.01) / len(ids)), name


@pytest.mark.slow
def test_duplicates_that_people_found_in_cifar10_are_found(mirror: Path) -> None:
    """ciFAIR's pairs were judged by eye: crops, colour changes and small moves beyond those searched are among them."""
    with (mirror / "labels" / "cifair" / "duplicates_cifar10.csv").open(newline="") as stream:
        pairs = np.array([(int(row["TestID"]), int(row["TrainID"])) for row in csv.DictReader(stream)])
    train, test = data.load("cifar10", "train").images, data.load("cifar10", "test").images
    closest = closest_test_images(train[pairs[:, 1]], test)
    flagged = closest.correlations >= read_figures("cifar10").aligned.threshold
    assert flagged.mean() >= 0.7  # measured: 210 of 286
    # Some are one of several pictures of one scene: 186 of the 210 name the test image that people chose.
    assert (closest.test_rows[flagged] == pairs[flagged, 0]).mean() >= 0.85
