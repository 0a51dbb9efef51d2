"""The flags of copied test images: which evidence they need, and which images honest sets may hold."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from benchmark.contamination.findings import copy_cells, copy_flags, look_for_copies, pair_cells
from benchmark.contamination.near_duplicates import far_from_training


def found(correlations: list[float], exact: list[tuple[int, int]] | None = None) -> dict[str, np.ndarray]:
    return {
        "exact": np.array(exact or [], dtype=np.int64).reshape(-1, 2),
        "test_row": np.arange(len(correlations)) + 100,
        "correlation": np.array(correlations),
    }


def test_one_exact_copy_is_enough() -> None:
    (flag,) = copy_flags(found([0.1] * 99 + [1.0], [(99, 7)]), 0.95)
    assert flag.name == "contamination"
    assert flag.evidence.startswith("1 of 100 images are test images, exactly: image 99 is test image 7.")
    assert "void" in flag.evidence
    assert copy_cells(found([1.0], [(0, 7)])) == {"copy:0": {"test_image": 7.0}}


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
