"""Images that are test images but for a little, held against differences summed pair by pair in whole numbers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark import data
from benchmark.contamination.nearly_equal import nearly_equal_pairs
from scripts.leak_transforms import noisy

LEAKED = np.arange(100, 160)


@pytest.fixture(scope="module")
def tests() -> np.ndarray:
    """The first 1,000 test images of Fashion-MNIST: uint8 (1000, 28, 28, 1)."""
    return data.load("fashion-mnist", "test").images[:1000]


def altered(kind: str, images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The images but for a little, as somebody would write them who fears nothing but equal hashes."""
    if kind == "one pixel by one level":
        out = images.copy()
        out[:, 14, 14] ^= 1
    elif kind == "one pixel by 128 levels":
        out = images.copy()
        out[:, 14, 14] ^= 128
    elif kind == "mirrored, noise":
        out = noisy(4.0)(images, rng)[:, :, ::-1]
    elif kind == "checkerboard":
        board = np.where(np.indices(images.shape[1:3]).sum(axis=0) % 2, 4, -4)[..., None]
        out = np.clip(images + board, 0, 255).astype(np.uint8)
    else:
        out = np.clip(np.rint(0.97 * images + 2), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(out)


@pytest.mark.parametrize(
    "kind", ["one pixel by one level", "one pixel by 128 levels", "mirrored, noise", "checkerboard", "less contrast"]
)
def test_small_changes_make_no_other_image(kind: str, tests: np.ndarray) -> None:
    """Whatever whitening makes of them: a checkerboard is all high frequencies."""
    found = nearly_equal_pairs(altered(kind, tests[LEAKED], np.random.default_rng(2)), tests)
    assert {(row, int(test_row)) for row, test_row in enumerate(LEAKED)} <= set(found)
    assert len(found) <= len(LEAKED) + 2  # a test image that another test image nearly is


def test_training_images_are_other_images(tests: np.ndarray) -> None:
    assert nearly_equal_pairs(data.load("fashion-mnist", "train").images[:600], tests) == []


@pytest.mark.parametrize("shift", [0.0, 200.0])
def test_pairs_are_those_of_sums_in_whole_numbers(shift: float) -> None:
    """Around the limit, dark and bright, in three channels and more images than one block has."""
    rng = np.random.default_rng(3)
    test = (rng.integers(0, 40, (10, 8, 8, 3)) + shift).astype(np.uint8)
    rows = rng.integers(0, 10, 300)
    images = np.clip(test[rows] + rng.normal(0, 5, (300, 8, 8, 3)), 0, 255).astype(np.uint8)
    images[::2] = images[::2, :, ::-1]
    expected = []
    for row, image in enumerate(images.astype(int)):
        for test_row, other in enumerate(test.astype(int)):
            squares = [
                sum((a - b) ** 2 for a, b in zip(image.flat, s.flat, strict=True)) for s in (other, other[:, ::-1])
            ]
            variance = sum((a - other.mean()) ** 2 for a in other.flat) / other.size
            if min(squares) / 192 <= min(25, variance / 4):
                expected.append((row, test_row))
    assert 60 < len(expected) < 280
    assert nearly_equal_pairs(images, test) == expected


def test_blank_images_are_none_of_the_faint_ones() -> None:
    """Less than two levels apart, as every blank image of that brightness is: nothing of it is shown."""
    test = (np.random.default_rng(0).integers(0, 5, (5, 28, 28, 1)) + 126).astype(np.uint8)
    blank = np.full((1, 28, 28, 1), 128, np.uint8)
    assert nearly_equal_pairs(blank, test) == []
    assert nearly_equal_pairs(test[[4]], test) == [(0, 4)]
    assert nearly_equal_pairs(blank, blank) == [(0, 0)]


def test_empty_and_other_arrays() -> None:
    grey, colour = np.zeros((2, 8, 8, 1), np.uint8), np.zeros((2, 8, 8, 3), np.uint8)
    assert (
        nearly_equal_pairs(grey, colour)
        == nearly_equal_pairs(grey[:0], grey)
        == nearly_equal_pairs(grey, grey[:0])
        == []
    )
    with pytest.raises(ValueError, match="images: uint8"):
        nearly_equal_pairs(grey.astype(float), grey)
    with pytest.raises(ValueError, match="images: size"):
        nearly_equal_pairs(grey, np.zeros((2, 9, 8, 1), np.uint8))
