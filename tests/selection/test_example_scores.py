"""Scores of single images against their formulas, and choices by rank."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from benchmark.selection import (
    el2n,
    forgetting_events,
    label_losses,
    lowest_by_class,
    margins,
    neighbour_agreement,
    ranked,
    trusted,
)

PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.0, 1.0, 0.0], [1 / 3, 1 / 3, 1 / 3]])


def test_scores_are_their_formulas() -> None:
    labels = [0, 0, 2]
    assert label_losses(PROBABILITIES, labels) == pytest.approx([-math.log(0.7), math.inf, math.log(3)])
    assert margins(PROBABILITIES) == pytest.approx([0.5, 1.0, 0.0])
    lengths = [math.sqrt(0.09 + 0.04 + 0.01), math.sqrt(2), math.sqrt(4 / 9 + 2 / 9)]
    assert el2n(PROBABILITIES, labels) == pytest.approx(lengths)
    sure = np.eye(3)[labels]
    assert el2n(np.stack([PROBABILITIES, sure]), labels) == pytest.approx(np.array(lengths) / 2)


def test_forgetting_counts_the_ways_back() -> None:
    looks = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1]], dtype=bool)
    assert forgetting_events(looks).tolist() == [2, 1, math.inf, 0]
    assert forgetting_events(looks[:1]).tolist() == [0, math.inf, math.inf, 0]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: label_losses(PROBABILITIES, [0, 3, 1]), "row 1 has 3"),
        (lambda: label_losses(PROBABILITIES, [0, -1, 1]), "row 1 has -1"),
        (lambda: label_losses(PROBABILITIES, [0, 1]), "2 rows like the labels, but got 3"),
        (lambda: label_losses(PROBABILITIES, [0.0, 1.0, 2.0]), "labels: integers"),
        (lambda: el2n(PROBABILITIES * 1.01, [0, 1, 2]), "row 0 does not"),
        (lambda: el2n(np.zeros((0, 3, 3)), [0, 1, 2]), "at least one net"),
        (lambda: margins([[0.5, 0.5], [np.nan, 0.5]]), "row 1 does not"),
        (lambda: margins([[1.0], [1.0]]), "at least two"),
        (lambda: forgetting_events(np.zeros((0, 4), dtype=bool)), "at least one look"),
        (lambda: forgetting_events([[1, 0]]), "bool"),
        (lambda: lowest_by_class([0.0, np.nan], [0, 0], 1, 0), "row 1 is NaN"),
        (lambda: lowest_by_class([0.0, 1.0], [0], 1, 0), "1 like the labels, but got 2"),
        (lambda: lowest_by_class([0.0, 1.0], [0, 0], 3, 0), "a budget is 0 to the 2 images"),
        (lambda: trusted([0.0], [0], 1.5, 0), "0 to 1, but got 1.5"),
        (lambda: neighbour_agreement(np.zeros((3, 2)), [0, 1], 1), "3 like the features"),
        (lambda: neighbour_agreement(np.zeros((3, 2)), [0, 1, 1], 3), "1 to the 2 other images"),
    ],
)
def test_wrong_arrays_are_refused_by_row(call, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


def test_arrays_without_an_image_give_no_score() -> None:
    none = np.zeros((0, 3))
    labels = np.zeros(0, dtype=np.int64)
    assert len(label_losses(none, labels)) == len(el2n(none, labels)) == len(margins(none)) == 0
    assert len(forgetting_events(np.zeros((2, 0), dtype=bool))) == len(ranked([], 0)) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=50), st.data())
def test_the_lowest_of_every_class_are_taken(images: list[tuple[int, int]], data: st.DataObject) -> None:
    labels, scores = (np.array(column) for column in zip(*images, strict=True))
    budget = data.draw(st.integers(0, len(images)))
    picked = lowest_by_class(scores, labels, budget, seed=1)
    assert len(set(picked.tolist())) == budget
    for label in np.unique(labels[picked]):
        inside = scores[picked[labels[picked] == label]]
        assert inside.tolist() == np.sort(scores[labels == label])[: len(inside)].tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=50), st.floats(0, 1))
def test_the_share_of_smallest_losses_is_trusted(images: list[tuple[int, int]], kept: float) -> None:
    labels, losses = (np.array(column) for column in zip(*images, strict=True))
    mask = trusted(losses, labels, kept, seed=1)
    for label in np.unique(labels):
        inside = losses[mask & (labels == label)]
        assert len(inside) == int(kept * (labels == label).sum())
        assert sorted(inside.tolist()) == np.sort(losses[labels == label])[: len(inside)].tolist()


def test_equal_scores_do_not_follow_the_file() -> None:
    picked = lowest_by_class(np.zeros(1000), np.zeros(1000, dtype=int), 500, seed=3)
    assert abs((picked < 500).mean() - 0.5) < 4 * 0.5 / 500**0.5
    order = ranked([0.0, 1.0, 0.0, math.inf, 0.0], seed=0).tolist()
    assert order[:2] == [3, 1]
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert len({tuple(ranked([0.0] * 5, seed=seed)) for seed in range(20)}) > 10


def test_neighbour_agreement_is_what_scikit_learn_counts() -> None:
    rng = np.random.default_rng(0)
    features, labels = rng.normal(size=(300, 6)), rng.integers(0, 3, 300)
    nearest = NearestNeighbors(n_neighbors=8, metric="cosine").fit(features).kneighbors(return_distance=False)
    expected = (labels[nearest] == labels[:, None]).mean(axis=1)
    assert neighbour_agreement(features, labels, 8) == pytest.approx(expected)


def test_neighbour_agreement_with_copies_does_not_depend_on_the_order() -> None:
    rng = np.random.default_rng(1)
    features = np.repeat(rng.normal(size=(20, 3)), 6, axis=0)
    labels = rng.integers(0, 2, 120)
    shuffled = rng.permutation(120)
    there = neighbour_agreement(features[shuffled], labels[shuffled], 3)
    assert neighbour_agreement(features, labels, 3)[shuffled] == pytest.approx(there)


def test_neighbour_agreement_is_equal_for_all_block_sizes() -> None:
    rng = np.random.default_rng(2)
    features, labels = rng.normal(size=(90, 4)), rng.integers(0, 3, 90)
    whole = neighbour_agreement(features, labels)
    assert neighbour_agreement(features, labels, products_a_block=7 * 90).tolist() == whole.tolist()


def test_wrong_labels_stand_out() -> None:
    """On two clouds with flipped labels, small loss and neighbours both put nearly all flipped ones first."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 400)
    features = rng.normal(size=(400, 2)) * 0.3 + np.array([[1, 0], [0, 1]])[truth] * 2
    flipped = rng.random(400) < 0.15
    labels = np.where(flipped, 1 - truth, truth)
    odds = 4 * (features[:, 1] - features[:, 0])
    probabilities = np.column_stack([1 / (1 + np.exp(odds)), 1 / (1 + np.exp(-odds))])
    for suspicion in (label_losses(probabilities, labels), 1 - neighbour_agreement(features, labels)):
        assert flipped[ranked(suspicion, 0)[: flipped.sum()]].mean() > 0.9
