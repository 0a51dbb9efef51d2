"""Herding, k-center and k-means against their definitions, brute force and scikit-learn."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import KMeans

from benchmark.selection import herding, herding_by_class, k_center, k_center_by_class, k_means

CLOUDS = arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=st.integers(-6, 6))


def normal_cloud(count: int, dimensions: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def plain_herding(points: np.ndarray, budget: int, choose: type[np.ndarray] | object = np.argmin) -> list[int]:
    """The definition, with the mean of all candidates computed anew at every step."""
    picked: list[int] = []
    while len(picked) < budget:
        means = [points[[*picked, row]].mean(axis=0) for row in range(len(points))]
        distances = np.linalg.norm(np.array(means) - points.mean(axis=0), axis=1)
        distances[picked] = np.inf if choose is np.argmin else -np.inf
        picked.append(int(choose(distances)))
    return picked


def test_herding_is_its_definition() -> None:
    points = normal_cloud(60, 4, seed=0)
    assert herding(points, 60).tolist() == plain_herding(points, 60)


def test_herding_meets_the_mean_better_than_chance_and_the_inverted_sign_is_far_from_it() -> None:
    points = normal_cloud(500, 8, seed=1) + np.arange(8)

    def gap(rows: list[int]) -> float:
        return float(np.linalg.norm(points[rows].mean(axis=0) - points.mean(axis=0)))

    rng = np.random.default_rng(2)
    chance = np.mean([gap(rng.choice(500, 20, replace=False).tolist()) for _ in range(50)])
    assert gap(herding(points, 20).tolist()) < chance / 5
    assert gap(plain_herding(points, 20, np.argmax)) > 3 * chance


@given(CLOUDS, st.data())
def test_picks_are_different_rows_whatever_the_copies(points: np.ndarray, data: st.DataObject) -> None:
    budget = data.draw(st.integers(0, len(points)))
    for method in (herding, k_center):
        picked = method(points, budget)
        assert picked.dtype == np.int64
        assert len(set(picked.tolist())) == len(picked) == budget


@given(CLOUDS, st.data())
def test_k_center_is_within_twice_the_best_radius(points: np.ndarray, data: st.DataObject) -> None:
    budget = data.draw(st.integers(1, min(len(points), 4)))

    def radius(centres: np.ndarray) -> float:
        return float(np.linalg.norm(points[:, None] - centres, axis=2).min(axis=1).max())

    best = min(radius(points[list(rows)]) for rows in itertools.combinations(range(len(points)), budget))
    assert radius(points[k_center(points, budget)]) <= 2 * best + 1e-9


def test_k_center_goes_farthest_first() -> None:
    points = np.array([[0.0], [1.0], [2.0], [3.0], [10.0]])
    assert k_center(points, 3).tolist() == [3, 4, 0]  # the mean is 3.2; then 7 away, then 3 away


def test_the_order_of_a_smaller_budget_is_the_start_of_a_larger_one() -> None:
    points = normal_cloud(80, 5, seed=3)
    for method in (herding, k_center):
        assert method(points, 10).tolist() == method(points, 30)[:10].tolist()


def test_by_class_picks_within_each_class() -> None:
    points, labels = normal_cloud(120, 3, seed=4), np.arange(120) % 3
    for whole, by_class in ((herding, herding_by_class), (k_center, k_center_by_class)):
        picked = by_class(points, labels, 11)
        assert np.bincount(labels[picked]).tolist() == [4, 4, 3]
        rows = np.flatnonzero(labels == 1)
        assert picked[4:8].tolist() == rows[whole(points[rows], 4)].tolist()


@pytest.mark.parametrize("method", [herding, k_center, lambda points, k: k_means(points, k, seed=0)])
def test_numbers_that_are_none_are_named(method) -> None:
    points = np.zeros((4, 2))
    points[2, 1] = np.nan
    with pytest.raises(ValueError, match="row 2 holds NaN"):
        method(points, 2)
    with pytest.raises(ValueError, match=r"\(N, D\)"):
        method(np.zeros(4), 2)
    with pytest.raises(ValueError, match="to the 4"):
        method(np.zeros((4, 2)), 5)


@pytest.mark.parametrize(("clusters", "seed"), [(3, 0), (8, 1), (20, 2)])
def test_k_means_is_as_good_as_scikit_learn(clusters: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(600, 6)) + 4 * rng.integers(0, 3, size=(600, 1))
    ours = k_means(points, clusters, seed=seed)
    theirs = KMeans(clusters, n_init=10, random_state=seed).fit(points)
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=0.02)
    # At a fixed point of Lloyd's algorithm, scikit-learn started there stays there.
    again = KMeans(clusters, init=ours.centres, n_init=1).fit(points)
    assert again.inertia_ == pytest.approx(ours.inertia, rel=1e-9)
    assert again.labels_.tolist() == ours.nearest.tolist()


@settings(max_examples=40)
@given(CLOUDS, st.data())
def test_k_means_centres_are_the_means_of_their_points(points: np.ndarray, data: st.DataObject) -> None:
    clusters = data.draw(st.integers(1, len(points)))
    found = k_means(points, clusters, seed=1, restarts=2)
    assert found.centres.shape == (clusters, points.shape[1])
    for centre in range(clusters):
        members = points[found.nearest == centre]
        if len(members):
            assert found.centres[centre] == pytest.approx(members.mean(axis=0))
    assert found.inertia == pytest.approx(((points - found.centres[found.nearest]) ** 2).sum())


def test_k_means_of_one_cluster_is_the_mean_and_of_every_point_is_exact() -> None:
    points = normal_cloud(15, 2, seed=5)
    assert k_means(points, 1, seed=0).centres[0] == pytest.approx(points.mean(axis=0))
    assert k_means(points, 15, seed=0).inertia == pytest.approx(0)
    assert k_means(np.ones((6, 2)), 3, seed=0).inertia == 0
    with pytest.raises(ValueError, match="restarts"):
        k_means(points, 2, seed=0, restarts=0)
