"""Dense ranks keep every order statistic, and keep structural ties together whatever noise does to them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmark.metrics import dense_ranks, detection_scores

SCORES = st.lists(st.integers(-300, 300).map(lambda step: step / 7), min_size=1, max_size=40)


@given(st.lists(SCORES, min_size=1, max_size=4))
def test_equal_to_scipys_dense_ranks_of_the_pool(arrays: list[list[float]]) -> None:
    ranks = dense_ranks(arrays)
    assert [len(part) for part in ranks] == [len(part) for part in arrays]
    expected = stats.rankdata(np.concatenate(arrays), method="dense") - 1
    assert np.concatenate(ranks).tolist() == expected.tolist()


@given(SCORES, SCORES)
def test_detection_from_ranks_is_detection_from_scores(inside: list[float], outside: list[float]) -> None:
    assert detection_scores(*dense_ranks([inside, outside])) == detection_scores(inside, outside)


@pytest.mark.parametrize("size", [1.0, 1e-200, -3e5, 1e300])
def test_noise_of_a_float64_pass_never_splits_a_structural_tie(size: float) -> None:
    copies = np.repeat(np.random.default_rng(0).random(5000) + 0.5, 20)
    noise = np.random.default_rng(1).uniform(-1e-13, 1e-13, copies.shape)
    (ranks,) = dense_ranks([size * copies * (1 + noise)])
    assert np.array_equal(ranks, dense_ranks([np.sign(size) * copies])[0])


def test_rounding_splits_a_tie_at_an_edge_of_its_grid() -> None:
    at_an_edge = 1.1234567885 + np.array([-1e-13, 1e-13])
    assert len(np.unique(np.round(at_an_edge, 9))) == 2
    assert dense_ranks([at_an_edge])[0].tolist() == [0, 0]


def test_what_differs_by_more_than_noise_stays_apart() -> None:
    assert dense_ranks([[1.0, 1.0 + 3e-12, 1.0 + 6e-12, 1.0 - 3e-12]])[0].tolist() == [1, 2, 3, 0]
    assert [part.tolist() for part in dense_ranks([[1.0, 1.0 + 5e-13], [1.0 - 5e-13]])] == [[0, 0], [0]]
    assert dense_ranks([[0.0, -0.0, 1e-300, -1e-300, 1e308, -1e308]])[0].tolist() == [2, 2, 3, 1, 4, 0]
    single = np.float32(0.1) * (1 + np.arange(5, dtype=np.float32) * np.finfo(np.float32).eps)
    assert dense_ranks([single])[0].tolist() == [0, 1, 2, 3, 4]


def test_the_smallest_type_that_holds_the_ranks() -> None:
    below, above = dense_ranks([np.arange(65_536.0)])[0], dense_ranks([np.arange(65_537.0)])[0]
    assert (below.dtype, above.dtype) == (np.uint16, np.uint32)
    assert (below[-1], above[-1]) == (65_535, 65_536)
    assert dense_ranks([np.zeros(70_000)])[0].dtype == np.uint16


@pytest.mark.parametrize("wrong", [[], [math.nan], [math.inf], [[0.1]], ["a"], [1j]])
def test_what_has_no_rank_is_refused_by_place(wrong: list) -> None:
    with pytest.raises(ValueError, match=r"scores\[1\]"):
        dense_ranks([[0.0], wrong])
    assert dense_ranks([]) == []
