"""Random choices: quotas, nesting, equal chances, and orders that stay what they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.selection import balanced_random_choice, class_quotas, oracle, random_choice, within_classes
from benchmark.selection.shuffling import random_numbers, random_order

LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=60)


@given(st.lists(st.integers(0, 12), min_size=1, max_size=7), st.data())
def test_quotas_fill_the_budget_as_equally_as_the_classes_allow(available: list[int], data: st.DataObject) -> None:
    budget = data.draw(st.integers(0, sum(available)))
    quotas = class_quotas(available, budget)
    assert quotas.sum() == budget
    assert (quotas <= available).all()
    assert (quotas >= 0).all()
    # Moving one image from a class to another that has room never makes them more equal.
    for taken, quota in enumerate(quotas):
        for other in np.flatnonzero(quotas < np.array(available)):
            assert other == taken or quota <= quotas[other] + 1


@pytest.mark.parametrize(("available", "budget"), [([3, 2], 6), ([3], -1), ([], 1)])
def test_quotas_refuse_a_budget_that_cannot_be_filled(available: list[int], budget: int) -> None:
    with pytest.raises(ValueError, match="a budget is 0 to"):
        class_quotas(np.array(available, dtype=np.int64), budget)


def test_orders_do_not_change_between_versions() -> None:
    assert random_order(12, 3, "random").tolist() == [3, 10, 1, 0, 2, 7, 4, 11, 8, 5, 9, 6]
    assert random_order(5, 3, "random").tolist() != random_order(5, 3, "other").tolist()
    numbers = random_numbers(100_000, 1, "numbers")
    assert 0 <= numbers.min() < numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 4 * (1 / 12 / 100_000) ** 0.5


@given(LABELS, st.integers(0, 5), st.data())
def test_balanced_rows_differ_and_meet_the_quotas(labels: list[int], seed: int, data: st.DataObject) -> None:
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(labels), max_size=len(labels))))
    budget = data.draw(st.integers(0, int(allowed.sum())))
    rows = balanced_random_choice(labels, budget, seed, allowed)
    assert rows.dtype == np.int64
    assert len(set(rows.tolist())) == len(rows) == budget
    assert allowed[rows].all()
    classes = np.array(labels)
    counts = np.bincount(classes[rows], minlength=5)
    assert counts.tolist() == class_quotas(np.bincount(classes[allowed], minlength=5), budget).tolist()


def test_a_smaller_random_choice_is_the_start_of_a_larger_one_and_chances_are_equal() -> None:
    assert random_choice(50, 7, 4).tolist() == random_choice(50, 20, 4)[:7].tolist()
    draws = np.concatenate([random_choice(10, 3, seed) for seed in range(4000)])
    counts = np.bincount(draws, minlength=10)
    assert np.abs(counts - 1200).max() < 5 * (4000 * 0.3 * 0.7) ** 0.5
    with pytest.raises(ValueError, match="a budget is 0 to the 10 images"):
        random_choice(10, 11, 0)


def test_a_filter_moves_no_row_that_it_leaves() -> None:
    labels = np.arange(200) % 4
    everything = balanced_random_choice(labels, 40, 1)
    allowed = np.ones(200, dtype=bool)
    allowed[everything[0]] = False
    filtered = balanced_random_choice(labels, 40, 1, allowed)
    assert len(set(everything.tolist()) - set(filtered.tolist())) == 1


def test_the_oracle_takes_sound_rows_and_no_source_twice() -> None:
    sources = np.repeat(np.arange(100), 3)
    labels = sources % 5
    sound = np.arange(300) % 3 != 0  # the first copy of every image carries a wrong label
    rows = oracle(labels, sound, sources, 60, seed=2)
    assert sound[rows].all()
    assert len(set(sources[rows].tolist())) == 60
    assert np.bincount(labels[rows]).tolist() == [12] * 5
    with pytest.raises(ValueError, match="a budget is 0 to the 100 images"):
        oracle(labels, sound, sources, 101, seed=2)
    with pytest.raises(ValueError, match="sound: bool"):
        oracle(labels, sound.astype(int), sources, 10, seed=2)


def test_a_filter_that_is_no_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="allowed: bool"):
        within_classes([0, 1], 1, lambda rows, quota: rows[:quota], [1, 0])
