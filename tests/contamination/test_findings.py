"""The flags of copied test images: which evidence they need, and which images honest sets may hold."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from benchmark import data
from benchmark.contamination.findings import (
    copied_images,
    copy_cells,
    copy_flags,
    look_for_copies,
    pair_cells,
)
from benchmark.contamination.near_duplicates import (
    far_from_training,
    read_near_duplicates,
    same_in_training,
    same_path,
)
from benchmark.contamination.nearly_equal import nearly_equal_pairs
from benchmark.documents.measured.contamination_figures import copy_threshold

THRESHOLD = copy_threshold("fashion-mnist")


def found(correlations: list[float], exact: list[tuple[int, int]] | None = None) -> dict[str, np.ndarray]:
    return {
        "exact": np.array(exact or [], dtype=np.int64).reshape(-1, 2),
        "test_row": np.arange(len(correlations)) + 100,
        "correlation": np.array(correlations),
        "alike": np.empty((0, 2), dtype=np.int64),
    }


def test_one_exact_copy_is_enough() -> None:
    (flag,) = copy_flags(found([0.1] * 99 + [1.0], [(99, 7)]), 0.95)
    assert flag.name == "contamination"
    evidence = "1 of 100 images are test images, exactly or within 5 of 255 levels (root mean square): image 99 is "
    assert flag.evidence.startswith(evidence + "test image 7.")
    assert "void" in flag.evidence
    assert copy_cells(found([1.0], [(0, 7)])) == {"copy:0": {"test_image": 7.0}}


def test_a_test_image_but_for_a_little_is_a_copy() -> None:
    """As few near copies as one would pass: such an image is the test image, and one is enough."""
    test = data.load("fashion-mnist", "test").images[:200]
    images = data.load("fashion-mnist", "train").images[:100].copy()
    images[40] = np.where(np.arange(28) % 2, test[7, ..., 0], np.maximum(test[7, ..., 0], 6) - 6)[..., None]
    seen = look_for_copies(images, test)
    assert len(seen["exact"]) == 0
    assert seen["alike"].tolist() == [[40, 7]]
    assert copied_images(seen) == {40: 7}
    assert "image 40 is test image 7" in copy_flags(seen, THRESHOLD)[0].evidence
    assert copy_cells(seen) == {"copy:40": {"test_image": 7.0}}


def test_test_images_that_training_images_are_can_be_brought_in_good_faith() -> None:
    """All but equal: then it is the test image that was brought. Equal pixels are never spared."""
    train, test = data.load("fashion-mnist", "train").images, data.load("fashion-mnist", "test").images
    spared = same_in_training("fashion-mnist")
    listed = read_near_duplicates(same_path("fashion-mnist"))
    pairs = nearly_equal_pairs(train[listed.train_ids], test[listed.test_ids])
    alike = np.array([(row, listed.test_ids[test_row]) for row, test_row in pairs])
    as_in_test = {**found([0.9] * len(listed.train_ids)), "alike": alike}
    assert len(copied_images(as_in_test)) >= 3
    assert copied_images(as_in_test, spared) == {}
    equal = {**as_in_test, "exact": np.array([(0, listed.test_ids[0])])}
    assert copied_images(equal, spared) == {0: listed.test_ids[0]}


def test_a_row_is_the_first_test_image_that_it_equals_then_the_first_that_it_nearly_is() -> None:
    several = {**found([1.0] * 3), "exact": np.array([(1, 8), (1, 9)]), "alike": np.array([(0, 4), (0, 5), (1, 2)])}
    assert copied_images(several) == {0: 4, 1: 8}
    assert copied_images(several, {4}) == {0: 5, 1: 8}


@pytest.mark.parametrize(("images", "enough"), [(10, 2), (100, 5), (500, 12)])
def test_near_copies_need_more_than_one_honest_set_in_a_hundred_has(images: int, enough: int) -> None:
    """Of honest images one in a hundred reaches the threshold: the binomial tail, summed in fractions."""
    one = Fraction(1, 100)
    tail = sum(comb(images, k) * one**k * (1 - one) ** (images - k) for k in range(enough, images + 1))
    below = tail + comb(images, enough - 1) * one ** (enough - 1) * (1 - one) ** (images - enough + 1)
    assert tail <= one < below
    for near in (0, 1, enough - 1, enough):
        flags = copy_flags(found([0.99] * near + [0.2] * (images - near)), 0.95)
        assert bool(flags) is (near >= enough)


def test_a_row_shown_in_several_ways_counts_once_with_its_nearest() -> None:
    """Blank, then as it is: the second look finds it."""
    rng = np.random.default_rng(0)
    test = rng.integers(0, 256, (5, 28, 28, 1)).astype(np.uint8)
    other = rng.integers(0, 256, (28, 28, 1)).astype(np.uint8)
    looks = np.stack([np.zeros_like(other), test[3], test[3], other])
    nearest = look_for_copies(looks, test, np.array([0, 0, 0, 1]))
    assert nearest["exact"].tolist() == [[0, 3]]
    assert nearest["test_row"][0] == 3
    assert nearest["correlation"][0] == pytest.approx(1, abs=1e-3)
    assert len(nearest["correlation"]) == 2
    assert nearest["correlation"][1] < 0.9


def test_every_way_of_a_row_is_held_against_all_test_images() -> None:
    """One way is a test image with less contrast, which correlates most; another nearly is a test image."""
    rng = np.random.default_rng(0)
    test = rng.integers(0, 256, (5, 28, 28, 1)).astype(np.uint8)
    nearly = np.clip(test[3] + rng.normal(0, 4, (28, 28, 1)), 0, 255).astype(np.uint8)
    fainter = np.rint(50 + 0.6 * test[1]).astype(np.uint8)
    seen = look_for_copies(np.stack([fainter, nearly, test[2]]), test, np.array([0, 0, 1]))
    assert seen["test_row"].tolist() == [1, 2]
    assert seen["alike"].tolist() == [[0, 3], [1, 2]]
    assert copied_images(seen) == {0: 3, 1: 2}


def test_a_copy_is_counted_once_and_the_list_ends() -> None:
    exact, near = copy_flags(found([1.0] + [0.97] * 19, [(0, 3)]), 0.95)
    assert "1 of 20" in exact.evidence
    assert "19 of 20" in near.evidence
    assert near.evidence.endswith("and 9 more.")


def test_the_nearest_pairs_are_shown_whatever_they_are() -> None:
    cells = pair_cells(found([0.1, 0.5, 0.3]))
    assert list(cells) == ["pair:1", "pair:2", "pair:0"]
    assert cells["pair:1"] == {"test_image": 101.0, "correlation": 0.5}


def test_listed_near_duplicates_are_left_out() -> None:
    kept = far_from_training("fashion-mnist", 10_000)
    assert kept is not None
    assert 0 < (~kept).sum() < 1000
    assert far_from_training("unheard-of", 10) is None
