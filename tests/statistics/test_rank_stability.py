"""What other rows may do to a pair: nothing when one leaves, nothing when one is copied; and coverage with copies."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmark.statistics import RankIntervals, rank_intervals, worst_group_rank_intervals


def nets(rng: np.random.Generator, abilities: np.ndarray, images: int) -> np.ndarray:
    """Right-or-wrong answers of nets that share the difficulty of images: bool (M, images)."""
    difficulty = rng.standard_normal(images)
    return difficulty + 0.7 * rng.standard_normal((len(abilities), images)) + abilities[:, None] > 0


def settled(result: RankIntervals) -> set[tuple[int, int]]:
    """(better, worse) for every pair that is told apart."""
    rows = range(len(result.rank))
    return {
        (i, j)
        for i, j in itertools.permutations(rows, 2)
        if j not in result.tied_with[i] and result.rank[i] < result.rank[j]
    }


def check_that_no_pair_flips(scores: np.ndarray) -> None:
    """Take each row out in turn: every other pair keeps its order, and what was told apart stays so."""
    grouped = scores.ndim == 3
    rank = worst_group_rank_intervals if grouped else rank_intervals
    whole = rank(scores)
    before = settled(whole)
    assert before, "a table in which nothing is told apart proves nothing"
    for gone in range(len(scores)):
        rest = [row for row in range(len(scores)) if row != gone]
        result = rank(scores[rest])
        order = {(rest[i], rest[j]) for i, j in itertools.permutations(range(len(rest)), 2)
                 if result.rank[i] < result.rank[j]}  # fmt: skip
        assert order == {(i, j) for i, j in itertools.permutations(rest, 2) if whole.rank[i] < whole.rank[j]}
        assert {pair for pair in before if gone not in pair} <= {(rest[i], rest[j]) for i, j in settled(result)}


@pytest.mark.parametrize("seed", range(3))
def test_taking_a_row_out_flips_no_other_pair(seed: int) -> None:
    rng = np.random.default_rng(seed)
    check_that_no_pair_flips(nets(rng, np.linspace(0.3, 1.2, 9), 1500))
    check_that_no_pair_flips(rng.integers(0, 6, (7, 800)) + np.arange(7)[:, None] // 2)


def test_taking_a_row_out_flips_no_pair_of_worst_groups() -> None:
    rng = np.random.default_rng(4)
    check_that_no_pair_flips(rng.random((6, 3, 1500)) < np.linspace(0.6, 0.9, 6)[:, None, None])


def test_taking_a_published_net_out_flips_no_other_pair(cifar10_nets: np.ndarray) -> None:
    check_that_no_pair_flips(cifar10_nets[:8])


CROWDS = {
    "a tied field and five copies of its first": (np.full(6, 0.9), [0] * 5),
    "a spread field and five copies of its middle": (np.linspace(0.6, 1.2, 8), [4] * 5),
    "pairs, and each row copied": (np.repeat([0.6, 0.9, 1.2], 2), list(range(6))),
}


@pytest.mark.slow
@pytest.mark.parametrize("changed", [0.0, 0.01, 0.1])
@pytest.mark.parametrize("crowd", CROWDS)
def test_joint_coverage_among_copies(crowd: str, changed: float) -> None:
    """All ranks that a row may hold lie in its interval, for all rows at once; a copy is as good as its original.

    changed: the share of images on which a copy answers afresh, with the same chance of being right. Monte-Carlo error
    of 500 trials: .01 at .95.
    """
    abilities, copied = CROWDS[crowd]
    everyone = np.concatenate([abilities, abilities[copied]])
    first = 1 + (everyone[None, :] > everyone[:, None]).sum(axis=1)
    last = len(everyone) - (everyone[None, :] < everyone[:, None]).sum(axis=1)
    rng = np.random.default_rng([len(crowd), round(1000 * changed)])
    trials, covered, told_apart = 500, 0, 0
    for _ in range(trials):
        difficulty = rng.standard_normal(400)

        def answers(of: np.ndarray, difficulty: np.ndarray = difficulty) -> np.ndarray:
            return difficulty + 0.7 * rng.standard_normal((len(of), 400)) + of[:, None] > 0

        originals, afresh = answers(abilities), answers(abilities[copied])
        copies = np.where(rng.random(afresh.shape) < changed, afresh, originals[copied])
        result = rank_intervals(np.concatenate([originals, copies]), resamples=300, seed=1)
        covered += bool(((result.lower <= first) & (result.upper >= last)).all())
        told_apart += int((result.upper - result.lower < len(everyone) - 1).sum())
    print(
        f"{crowd}, {changed:.0%} changed: joint coverage {covered / trials:.3f}, told apart {told_apart / trials:.1f}"
    )
    assert covered / trials >= 0.92
    if np.ptp(abilities) > 0:
        assert told_apart > trials
