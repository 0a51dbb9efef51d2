"""Nearest neighbours equal a plain loop in every bit, whatever the block size and however alike the features are."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.detectors.neighbours import Bank


def units(features: np.ndarray) -> np.ndarray:
    values = features.astype(np.float64)
    norms = np.sqrt(np.einsum("nd,nd->n", values, values))
    return values * np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)[:, None]


def query_units(queries: np.ndarray) -> np.ndarray:
    norms = np.sqrt(np.einsum("nd,nd->n", queries, queries))[:, None]
    return np.divide(queries, norms, out=np.zeros_like(queries), where=norms > 0)


def plain_distances(bank: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    found = []
    for query in query_units(queries):
        apart = query - units(bank)
        found.append(np.sort(np.einsum("nd,nd->n", apart, apart))[k - 1])
    return np.sqrt(found)


def feature_sets() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    spread = rng.normal(0, 1, (600, 33))
    return {
        "spread": spread,
        "behind a ReLU": np.maximum(spread, 0),
        "alike to 1e-4": 1 + 1e-4 * spread,
        "alike to 1e-9": 1 + 1e-9 * spread,
        "repeated": np.repeat(spread[:30], 20, axis=0),
        "with zeros": np.concatenate([np.zeros((50, 33)), spread[:550]]),
        "one point": np.ones((600, 33)),
        "tiny": 1e-30 * spread,
    }


@pytest.mark.parametrize("kind", feature_sets())
@pytest.mark.parametrize("k", [1, 50, 600])
def test_distances_are_those_of_a_plain_loop(kind: str, k: int) -> None:
    bank = feature_sets()[kind].astype(np.float32 if kind != "alike to 1e-9" else np.float64)
    queries = np.concatenate([bank[::29].astype(np.float64), np.random.default_rng(6).normal(0.5, 1, (9, 33))])
    plain = plain_distances(bank, queries, k)
    for products in (1, 5_000, 2**24):
        assert np.array_equal(Bank(bank, k).kth_distances(queries, products), plain)


def test_few_contenders_are_measured_twice() -> None:
    """The bound on the float32 error must stay tight: else the blocks are exact but slow."""
    rng = np.random.default_rng(7)
    bank = Bank(np.maximum(rng.normal(0, 1, (5000, 64)), 0).astype(np.float32), 50)
    queries = query_units(np.maximum(rng.normal(0, 1, (100, 64)), 0))
    assert len(bank._contenders(queries, everything=False).query) < 100 * 20


@pytest.mark.parametrize("k", [1, 7, 300])
def test_guiding_products_are_those_of_a_plain_loop(k: int) -> None:
    rng = np.random.default_rng(8)
    features = rng.normal(0.3, 1, (300, 17)).astype(np.float32)
    weights = rng.normal(2, 3, 300)  # energies may be negative
    queries = rng.normal(0, 1, (25, 17))
    plain = [
        np.sort(weights * (units(features) @ query))[::-1][:k].mean()
        for query in queries / np.linalg.norm(queries, axis=1)[:, None]
    ]
    found = [Bank(features, k, weights).mean_of_largest_products(queries, products) for products in (1, 2000, 2**24)]
    np.testing.assert_allclose(found[0], plain, rtol=1e-12, atol=1e-14)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_copies_beyond_k_are_not_kept() -> None:
    features = np.repeat(np.random.default_rng(9).normal(0, 1, (3, 5)), [40, 2, 9], axis=0).astype(np.float32)
    assert len(Bank(features, 7)) == 7 + 2 + 7
    assert len(Bank(features, 100)) == 51
    weights = np.arange(51) % 2 + 1.0
    assert len(Bank(features, 7, weights)) == 7 + 7 + 1 + 1 + 5 + 4


def test_a_query_without_direction_is_one_away_from_all() -> None:
    bank = Bank(np.eye(4, dtype=np.float32), 2)
    np.testing.assert_allclose(bank.kth_distances(np.zeros((1, 4))), 1.0)
    assert bank.mean_of_largest_products(np.zeros((1, 4))) == 0.0
