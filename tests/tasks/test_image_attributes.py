"""Attributes of grey pictures: against plain loops and numpy's own means, and the quintiles in a class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import data
from benchmark.data.checksums import values_sha256
from tasks.subgroup.image_attributes import (
    ATTRIBUTES,
    BACKGROUND,
    attribute_values,
    quintile_groups,
    quintile_thresholds,
)


def pictures(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 256, (count, 9, 7, 1)) * (rng.random((count, 9, 7, 1)) < 0.6)).astype(np.uint8)


def exact(picture: np.ndarray, attribute: str) -> float:
    """The attribute in grey levels (area: pixels), by plain loops."""
    grey = picture[:, :, 0].astype(float)
    inside = grey > BACKGROUND
    levels = grey[inside]
    if attribute == "texture":
        steps = []
        for row in range(grey.shape[0]):
            for column in range(grey.shape[1]):
                for below, right in ((row + 1, column), (row, column + 1)):
                    whole = below < grey.shape[0] and right < grey.shape[1]
                    if whole and inside[row, column] and inside[below, right]:
                        steps.append(abs(grey[row, column] - grey[below, right]))
        return float(np.mean(steps))
    return float({"area": len(levels), "brightness": levels.mean(), "contrast": levels.var()}[attribute])


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_values_are_those_of_plain_loops(attribute: str) -> None:
    given = pictures(60)
    unit = 1 if attribute == "area" else 1 << 16
    wanted = [exact(picture, attribute) for picture in given]
    np.testing.assert_allclose(attribute_values(given, attribute) / unit, wanted, rtol=0, atol=2 / unit)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_blocks_do_not_matter_and_an_empty_picture_is_zero(attribute: str) -> None:
    given = pictures(1003)
    given[[0, 999]] = BACKGROUND
    values = attribute_values(given, attribute)
    assert values[[0, 999]].tolist() == [0, 0]
    turned = attribute_values(given[::-1].copy(), attribute)
    np.testing.assert_array_equal(turned[::-1], values)
    assert attribute_values(given[:0], attribute).tolist() == []


def test_bright_full_pictures_do_not_overflow() -> None:
    full = np.full((1, 64, 64, 1), 255, np.uint8)
    full[:, ::2, ::2] = 26
    grey = full[0, :, :, 0].astype(float)
    assert attribute_values(full, "contrast")[0] / 65536 == pytest.approx(grey.var(), abs=1e-4)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_quintiles_hold_a_fifth_each_up_to_ties(values: list[int], classes: int) -> None:
    given = np.array(values * classes)
    labels = np.repeat(np.arange(classes), len(values))
    thresholds = quintile_thresholds(given, labels, classes)
    assert (np.diff(thresholds, axis=1) >= 0).all()
    groups = quintile_groups(given, labels, thresholds)
    own = groups[: len(values)]
    for level in range(1, 5):
        below = int((own < level).sum())
        equal = int((np.array(values) == thresholds[0, level - 1]).sum())
        assert below >= len(values) * level / 5
        assert below < len(values) * level / 5 + max(equal, 1)
    order = np.argsort(values, kind="stable")
    assert (np.diff(own[order]) >= 0).all()


def test_distinct_values_are_split_evenly_within_each_class() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 500)
    values = rng.permutation(1000) + 5000 * labels
    groups = quintile_groups(values, labels, quintile_thresholds(values, labels, 2))
    assert np.bincount(labels * 5 + groups).tolist() == [100] * 10


def test_a_class_without_pictures_is_refused() -> None:
    with pytest.raises(ValueError, match="class 1"):
        quintile_thresholds(np.arange(5), np.zeros(5, int), 2)


@pytest.mark.parametrize(
    "given", [np.zeros((2, 9, 7, 3), np.uint8), np.zeros((2, 9, 7, 1)), np.zeros((2, 9, 7), np.uint8)]
)
def test_other_pictures_are_refused(given: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        attribute_values(given, "area")


def test_values_of_real_pictures_are_frozen() -> None:
    """Digests of the first 1,000 test images, equal on every machine."""
    images = data.load("fashion-mnist", "test", progress=False).images[:1000]
    found = {attribute: values_sha256(attribute_values(images, attribute))[:16] for attribute in ATTRIBUTES}
    assert found == {
        "area": "7b7e4e16435d0b4d",
        "brightness": "64151d765016586c",
        "contrast": "40b08618fd4c17f6",
        "texture": "21237c8eacf6d4ae",
    }
