"""The dirty pool: frozen bytes, and the kinds of dirt it promises."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark import data
from benchmark.data.checksums import values_sha256
from benchmark.data.derived import weak_annotator
from benchmark.data.derived.dirty_pool import NO_CLASS, Pool, dirty_pool
from benchmark.data.derived.weak_annotator import first_choices, second_choices

COUNT = 4000
FROZEN = ["e44f9170", "f886eb2c", "a781ab56", "ba81b299", "ba301046"]


@pytest.fixture(scope="module")
def origin() -> tuple[np.ndarray, np.ndarray]:
    part = data.load("fashion-mnist", "train", progress=False)
    return np.asarray(part.images), part.labels


@pytest.fixture(scope="module")
def pool(origin: tuple[np.ndarray, np.ndarray]) -> Pool:
    return dirty_pool(*origin)


def ramps(count: int) -> np.ndarray:
    return (np.arange(count * 28 * 28).reshape(count, 28, 28, 1) * 7 % 251).astype(np.uint8)


def test_the_recipe_is_frozen() -> None:
    """Digests over plain ramps instead of Fashion-MNIST: the recipe is the same on every machine."""
    made = dirty_pool(ramps(COUNT), np.arange(COUNT) % 10)
    arrays = (made.images, made.labels, made.clean_labels, made.sources, made.copied)
    assert [values_sha256(array)[:8] for array in arrays] == FROZEN


def test_the_pool_is_its_manifests(pool: Pool) -> None:
    loaded = data.load("fashion-mnist-dirty", "train", progress=False)
    assert loaded.source.startswith("made from fashion-mnist (")
    np.testing.assert_array_equal(loaded.images, pool.images)
    np.testing.assert_array_equal(loaded.labels, pool.labels)


def test_shares_of_dirt_are_exact(pool: Pool) -> None:
    assert pool.mislabelled.sum() == 12_000
    assert pool.copied.sum() == 12_000
    assert pool.outliers.sum() == 3_000
    assert not (pool.copied & pool.outliers).any()
    assert set(np.unique(pool.labels)) == set(range(10))
    assert (pool.sources == NO_CLASS).tolist() == pool.outliers.tolist()


def test_what_is_neither_copy_nor_outlier_is_an_original_image(
    pool: Pool, origin: tuple[np.ndarray, np.ndarray]
) -> None:
    images, labels = origin
    originals = ~pool.copied & ~pool.outliers
    np.testing.assert_array_equal(pool.images[originals], images[pool.sources[originals]])
    assert len(np.unique(pool.sources[originals])) == originals.sum()
    shown = ~pool.outliers
    np.testing.assert_array_equal(pool.clean_labels[shown], labels[pool.sources[shown]])


def test_copies_are_a_pixel_and_a_brightness_away_from_images_of_the_pool(
    pool: Pool, origin: tuple[np.ndarray, np.ndarray]
) -> None:
    images = origin[0].astype(np.int64)
    originals = set(pool.sources[~pool.copied & ~pool.outliers].tolist())
    assert set(pool.sources[pool.copied].tolist()) <= originals
    for slot in np.flatnonzero(pool.copied)[:200]:
        copy, source = pool.images[slot, ..., 0].astype(np.int64), images[pool.sources[slot], ..., 0]
        padded = np.pad(source, 1)
        moved = [padded[y : y + 28, x : x + 28] for y in range(3) for x in range(3)]
        low, high = (np.array([np.minimum(one * factor // 256, 255) for one in moved]) for factor in (218, 294))
        assert ((low <= copy) & (copy <= high)).all(axis=(1, 2)).any()


def test_few_images_are_copied_often_and_most_seldom(pool: Pool) -> None:
    counts = np.sort(np.bincount(pool.sources[pool.copied]))[::-1]
    counts = counts[counts > 0]
    assert 700 < len(counts) <= 800
    assert counts[0] > 200
    assert np.median(counts) < 15


def test_the_tail_classes_lose_most_originals(pool: Pool) -> None:
    originals = np.bincount(pool.clean_labels[~pool.copied & ~pool.outliers], minlength=10)
    assert sorted((6000 - originals).tolist()) == [200, 300, 500, 800, 1100, 1500, 2000, 2500, 2900, 3200]
    right = ~pool.mislabelled & ~pool.outliers
    distinct = [len(np.unique(pool.sources[right & (pool.clean_labels == label)])) for label in range(10)]
    assert min(distinct) >= 2000  # a balanced pick of 20,000 clean, distinct images exists


def test_likely_mistakes_outnumber_even_ones(pool: Pool) -> None:
    wrong = pool.mislabelled
    pairs = np.zeros((10, 10), int)
    np.add.at(pairs, (pool.clean_labels[wrong], pool.labels[wrong]), 1)
    of_shirts = pairs[6] / pairs[6].sum()
    assert of_shirts[[0, 2, 3, 4]].sum() > 0.7  # shirts are taken for other tops
    assert (pairs[~np.eye(10, dtype=bool)] > 0).all()


def test_another_seed_is_another_pool() -> None:
    images, labels = ramps(COUNT), np.arange(COUNT) % 10
    first, second = dirty_pool(images, labels, seed=1), dirty_pool(images, labels, seed=2)
    assert (first.sources != second.sources).mean() > 0.9
    assert first.mislabelled.sum() == second.mislabelled.sum()


def test_outliers_are_of_three_kinds(pool: Pool, origin: tuple[np.ndarray, np.ndarray]) -> None:
    images = origin[0]
    spread = pool.images[pool.outliers].reshape(3000, -1).astype(float)
    noise = (spread == 0).mean(axis=1) < 0.02
    assert noise.sum() == 1000
    in_order = np.sort(images.reshape(len(images), -1), axis=1)
    histograms = {row.tobytes() for row in in_order}
    jigsaws = [np.sort(row).tobytes() in histograms for row in pool.images[pool.outliers].reshape(3000, -1)]
    assert sum(jigsaws) == 1000
    assert len(np.unique(pool.labels[pool.outliers])) == 10


def test_a_class_too_small_to_overwrite_is_refused() -> None:
    labels = np.zeros(COUNT, np.int64)
    with pytest.raises(ValueError, match="needs more than"):
        dirty_pool(ramps(COUNT), labels)


def test_the_annotator_solves_ridge_regression(origin: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = origin[0][:1500], origin[1][:1500]
    features = weak_annotator._coarse(images).astype(np.float64)
    taught = np.arange(1000)
    left = features[taught].T @ features[taught] + weak_annotator.PENALTY * np.eye(features.shape[1])
    solution = np.linalg.solve(left, features[taught].T @ np.eye(10)[labels[taught]])
    scores = features @ solution
    assert 0.6 < (scores[1000:].argmax(axis=1) == labels[1000:]).mean() < 0.9  # weak, and far from chance
    np.testing.assert_array_equal(first_choices(images, labels, taught, 10), scores.argmax(axis=1))
    scores[np.arange(1500), labels] = -np.inf
    np.testing.assert_array_equal(second_choices(images, labels, taught, 10), scores.argmax(axis=1))


def test_the_annotator_never_gives_the_own_class_and_wants_even_sides() -> None:
    labels = np.arange(40) % 10
    assert (second_choices(ramps(40), labels, np.arange(20), 10) != labels).all()
    with pytest.raises(ValueError, match="sides that 2 divides"):
        second_choices(np.zeros((4, 5, 5, 1), np.uint8), np.zeros(4, np.int64), np.arange(4), 10)
