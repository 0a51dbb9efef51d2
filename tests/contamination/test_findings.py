"""The flags of copied test images: which evidence they need, and which images honest sets may hold."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.contamination.findings import copy_cells, copy_flags, pair_cells
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


@pytest.mark.parametrize(("near", "flagged"), [(0, False), (1, False), (2, False), (10, True)])
def test_near_copies_need_more_than_honest_images_have_by_chance(near: int, flagged: bool) -> None:
    """Of 200 honest images two may reach the threshold."""
    flags = copy_flags(found([0.99] * near + [0.2] * (200 - near)), 0.95)
    assert bool(flags) is flagged


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
