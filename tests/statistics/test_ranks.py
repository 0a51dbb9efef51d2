"""Rank intervals against a plain-loop oracle, on real predictions, with copies of rows, and by coverage."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.statistics import (
    RankIntervals,
    conservative_rank_intervals,
    holm,
    mcnemar_exact,
    mcnemar_p_value,
    rank_intervals,
    ranks,
)
from benchmark.statistics.pairs import FEW, PairScales, fold_identical, smallest_testable
from benchmark.statistics.resampling import image_counts


def nets(rng: np.random.Generator, abilities: list[float], n: int, own: float = 0.7) -> np.ndarray:
    """Right-or-wrong answers of nets that share the difficulty of images: bool (M, n)."""
    difficulty = rng.standard_normal(n)
    return np.array([difficulty + own * rng.standard_normal(n) + ability > 0 for ability in abilities])


def oracle(scores: np.ndarray, confidence: float, resamples: int, seed: int) -> tuple[float, list[tuple[int, int]]]:
    """The definition with loops: every pair, every draw; the smallest value that is out of reach of the rest."""
    m, n = scores.shape
    pairs = [(i, j) for i, j in itertools.combinations(range(m), 2) if (scores[i] != scores[j]).any()]
    differing = {(i, j): int((scores[i] != scores[j]).sum()) for i, j in pairs}
    pairs = [pair for pair in pairs if 2.0 ** (1 - differing[pair]) <= 1 - confidence + 1e-12]
    scale = {(i, j): math.sqrt(float(((scores[i] - scores[j]) ** 2).sum())) for i, j in pairs}
    draws = [counts for block in image_counts(n, resamples, seed) for counts in block]
    apart = {
        (i, j): [abs(float((c * (scores[i] - scores[j])).sum() - (scores[i] - scores[j]).sum())) for c in draws]
        for i, j in pairs
    }

    def quantile(family: list[tuple[int, int]]) -> float:
        largest = [max((apart[p][r] / scale[p] for p in family), default=0.0) for r in range(resamples)]
        place = min(resamples, math.ceil((resamples + 1) * confidence))
        return max(sorted(largest)[place - 1], stats.norm.ppf((1 + confidence) / 2))

    critical = math.nan
    for reach in sorted({d if d <= FEW else math.inf for d in differing.values()}, reverse=True):
        critical = quantile([p for p in pairs if differing[p] >= min(reach, FEW + 1)])
        rest = [differing[p] for p in pairs if differing[p] < min(reach, FEW + 1)]
        if not rest or math.sqrt(max(rest)) <= critical * (1 + 1e-6):
            break
    if not pairs:
        return math.nan, [(1, m)] * m
    intervals = []
    for i in range(m):
        better = worse = 0
        for j in range(m):
            pair = (min(i, j), max(i, j))
            difference = float((scores[j] - scores[i]).sum())
            if pair in scale and abs(difference) > critical * scale[pair] * (1 + 1e-6):
                better, worse = better + (difference > 0), worse + (difference < 0)
        intervals.append((1 + better, m - worse))
    return critical, intervals


def pairs_of(result: RankIntervals) -> list[tuple[int, int]]:
    return list(zip(result.lower.tolist(), result.upper.tolist(), strict=True))


@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.integers(1, 120), st.sampled_from([1, 5, 0]))
@settings(max_examples=60, deadline=None)
def test_equals_the_plain_loops(seed: int, m: int, n: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    scores = nets(rng, list(rng.uniform(-1, 2, m)), n, own=float(rng.choice([0.1, 0.7]))).astype(float)
    if cells == 5:
        scores = (scores * rng.integers(0, 6, (m, n))) / 5
    elif cells == 0:
        scores = scores * rng.integers(0, 2**15, (m, n)) / 2**15
    scores[rng.integers(0, m)] = scores[rng.integers(0, m)]
    ours = rank_intervals(scores, 0.95, 60, seed=3)
    critical, expected = oracle(scores, 0.95, 60, 3)
    assert ours.critical_value == pytest.approx(critical, nan_ok=True)
    assert pairs_of(ours) == expected


def test_ranks_are_those_of_the_means_and_ties_share_the_better() -> None:
    scores = np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 0]])
    assert rank_intervals(scores).rank.tolist() == [2, 1, 2, 4]
    means = np.random.default_rng(0).random((30, 50))
    expected = stats.rankdata(-means.mean(axis=1), method="min")
    assert rank_intervals(means).rank.tolist() == expected.astype(int).tolist()


def test_no_row_one_row_and_no_image() -> None:
    none = rank_intervals(np.zeros((0, 10), dtype=bool))
    assert none.rank.shape == none.lower.shape == none.upper.shape == (0,)
    assert none.tied_with == []
    assert math.isnan(none.critical_value)
    one = rank_intervals(np.ones((1, 10)))
    assert (one.rank.tolist(), pairs_of(one), one.tied_with) == ([1], [(1, 1)], [[]])
    assert math.isnan(one.smallest_detectable_difference)
    empty = rank_intervals(np.zeros((3, 0)))
    assert pairs_of(empty) == [(1, 3)] * 3
    assert empty.rank.tolist() == [1, 1, 1]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_handful_of_images_separates_nothing(n: int) -> None:
    result = rank_intervals(np.array([[1.0] * n, [0.0] * n]))
    assert pairs_of(result) == [(1, 2), (1, 2)]
    assert result.rank.tolist() == [1, 2]
    assert result.tied_with == [[1], [0]]


def test_two_rows_agree_with_mcnemar() -> None:
    for only_first, only_second in [(6, 0), (30, 8), (12, 10), (120, 60)]:
        rows = np.zeros((2, 1000), dtype=bool)
        rows[0, :only_first] = rows[1, only_first : only_first + only_second] = True
        separated = pairs_of(rank_intervals(rows, resamples=4000))[0] == (1, 1)
        assert separated == (mcnemar_exact(rows[0], rows[1]).p_value < 0.05)


def test_tied_with_is_mutual_and_fits_the_intervals() -> None:
    scores = nets(np.random.default_rng(1), [0.0, 0.02, 0.5, 0.52, 1.5], 3000)
    result = rank_intervals(scores)
    for i, ties in enumerate(result.tied_with):
        assert i not in ties
        assert all(i in result.tied_with[j] for j in ties)
        assert result.upper[i] - result.lower[i] == len(ties)
        assert result.lower[i] <= result.rank[i] <= result.upper[i]
    assert result.tied_with == [[1], [0], [3], [2], []]


def test_identical_copies_change_no_other_row() -> None:
    scores = nets(np.random.default_rng(2), list(np.linspace(0, 0.5, 8)), 2000)
    before = rank_intervals(scores)
    after = rank_intervals(np.concatenate([scores, np.repeat(scores[3:4], 5, axis=0)]))
    assert after.critical_value == before.critical_value
    for i in range(8):
        ahead = i not in before.tied_with[3] and scores[3].mean() > scores[i].mean()
        behind = i not in before.tied_with[3] and i != 3 and scores[3].mean() < scores[i].mean()
        assert after.lower[i] - before.lower[i] == (5 if ahead else 0)
        assert after.upper[i] - before.upper[i] == (0 if behind else 5)
    for copy in range(8, 13):
        assert pairs_of(after)[copy] == pairs_of(after)[3]
        assert after.rank[copy] == after.rank[3]
        assert 3 in after.tied_with[copy]


@pytest.mark.parametrize("changed", [1, 4])
def test_near_copies_do_not_widen_the_intervals_of_others(changed: int) -> None:
    rng = np.random.default_rng(3)
    scores = nets(rng, list(np.linspace(0, 0.8, 10)), 3000)
    copies = np.repeat(scores[4:5], 20, axis=0)
    for copy in copies:
        copy[rng.choice(3000, changed, replace=False)] ^= True
    alone, crowded = rank_intervals(scores), rank_intervals(np.concatenate([scores, copies]))
    assert crowded.critical_value <= alone.critical_value + 0.1
    for i in range(10):
        assert set(crowded.tied_with[i]) & set(range(10)) == set(alone.tied_with[i])


def test_order_of_rows_and_summation_noise_do_not_matter() -> None:
    rng = np.random.default_rng(4)
    scores = rng.integers(0, 301, (12, 400)) / 300 + np.linspace(0, 0.6, 12).round(2)[:, None]
    order = rng.permutation(12)
    straight = rank_intervals(scores)
    shuffled = rank_intervals(scores[order] + rng.uniform(-1e-14, 1e-14, scores.shape))
    assert shuffled.critical_value == straight.critical_value
    assert pairs_of(shuffled) == [pairs_of(straight)[i] for i in order]


def test_equal_for_bits_integers_and_floats_and_repeated() -> None:
    scores = nets(np.random.default_rng(5), [0, 0.1, 0.5], 500)
    results = [rank_intervals(s) for s in (scores, scores, scores.astype(np.int8), scores * 1.0, scores / 3)]
    assert len({r.critical_value for r in results}) == 1
    assert len({tuple(pairs_of(r)) for r in results}) == 1
    assert results[4].smallest_detectable_difference == pytest.approx(results[0].smallest_detectable_difference / 3)


def test_images_drawn_depend_on_the_seed() -> None:
    scores = nets(np.random.default_rng(6), list(np.linspace(0, 0.5, 10)), 300)
    assert len({rank_intervals(scores, seed=seed).critical_value for seed in range(4)}) > 1


def test_the_closed_form_is_never_sharper_here_and_takes_over_above_a_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = nets(np.random.default_rng(7), list(np.linspace(0, 0.6, 12)), 2000)
    bootstrap, closed = rank_intervals(scores), conservative_rank_intervals(scores)
    assert closed.critical_value == pytest.approx(stats.norm.isf(0.025 / 66))
    assert closed.critical_value > bootstrap.critical_value
    assert (closed.lower <= bootstrap.lower).all()
    assert (closed.upper >= bootstrap.upper).all()
    assert bootstrap.method == "max-T bootstrap"
    monkeypatch.setattr(ranks, "LARGEST_BOOTSTRAP", 11)
    over = rank_intervals(scores)
    assert over.method == "closed form"
    assert pairs_of(over) == pairs_of(closed)


def test_more_rows_than_a_block_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = nets(np.random.default_rng(8), list(np.linspace(0, 1, 23)), 300)
    whole = rank_intervals(scores)
    for module in ("ranks", "max_t"):
        monkeypatch.setattr(f"benchmark.statistics.{module}.ROWS_PER_BLOCK", 5)
    parts = rank_intervals(scores)
    assert parts.critical_value == whole.critical_value
    assert pairs_of(parts) == pairs_of(whole)
    assert parts.tied_with == whole.tied_with


@pytest.mark.parametrize(
    ("scores", "options"),
    [
        ([[0.5, math.nan], [0.1, 0.2]], {}),
        ([0.5, 0.1], {}),
        ([[0.5], [0.1]], {"confidence": 95}),
        ([[0.5], [0.1]], {"resamples": 0}),
    ],
)
def test_what_cannot_be_ranked_is_refused(scores: list, options: dict) -> None:
    with pytest.raises(ValueError, match=r"scores|confidence|resamples"):
        rank_intervals(scores, **options)


def test_folding_finds_every_copy() -> None:
    rows = np.array([[1, 2], [3, 4], [1, 2], [3, 4], [0, 0]])
    distinct, group = fold_identical(rows)
    assert distinct.tolist() == [0, 1, 4]
    assert group.tolist() == [0, 1, 0, 1, 2]
    np.testing.assert_array_equal(rows[distinct][group], rows)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 4, 1000]))
@settings(max_examples=30, deadline=None)
def test_scales_and_differing_images_are_counted(seed: int, span: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.repeat(rng.integers(0, span + 1, (1, 200)), 6, axis=0)
    for row in rows:
        row[: rng.integers(0, 80)] = rng.integers(0, span + 1)
    squares, differing = PairScales(rows).block(1, 4)
    for i, j in itertools.product(range(1, 4), range(6)):
        assert squares[i - 1, j] == sum((int(a) - int(b)) ** 2 for a, b in zip(rows[i], rows[j], strict=True))
        assert differing[i - 1, j] == min(int((rows[i] != rows[j]).sum()), FEW + 1)


def test_smallest_testable_number_of_images() -> None:
    assert [smallest_testable(confidence) for confidence in (0.5, 0.9, 0.95, 0.99)] == [2, 5, 6, 8]


def test_thirty_real_nets(cifar10_nets: np.ndarray) -> None:
    result = rank_intervals(cifar10_nets, resamples=4000)
    assert result.critical_value == pytest.approx(3.63, abs=0.06)
    assert pairs_of(result)[0] == (1, 7)
    assert result.smallest_detectable_difference == pytest.approx(0.0033, abs=0.00005)
    assert conservative_rank_intervals(cifar10_nets).critical_value == pytest.approx(3.86, abs=0.005)
    adjacent = [mcnemar_exact(a, b).p_value < 0.05 for a, b in itertools.pairwise(cifar10_nets)]
    assert sum(adjacent) == 9
    counts = cifar10_nets.astype(int) @ (1 - cifar10_nets.astype(int)).T
    upper = np.triu_indices(30, 1)
    p = mcnemar_p_value(counts[upper], counts.T[upper])
    assert (int((p < 0.05).sum()), int((holm(p) < 0.05).sum())) == (390, 356)


TRUTHS = {
    "spread": list(np.linspace(0.6, 1.2, 10)),
    "all tied": [0.9] * 10,
    "pairs": [0.6, 0.6, 0.75, 0.75, 0.9, 0.9, 1.05, 1.05, 1.2, 1.2],
}


@pytest.mark.slow
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("cells", [1, 5])
def test_joint_coverage_of_the_true_ranks(truth: str, cells: int) -> None:
    """All ranks that a row may hold (ties included) lie in its interval, for all rows at once."""
    rng = np.random.default_rng(len(truth) + cells)
    abilities = np.array(TRUTHS[truth])
    first = 1 + (abilities[None, :] > abilities[:, None]).sum(axis=1)
    last = len(abilities) - (abilities[None, :] < abilities[:, None]).sum(axis=1)
    trials, covered, informative = 1000, 0, 0
    for _ in range(trials):
        difficulty = rng.standard_normal((1, 400, 1))
        right = difficulty + 0.7 * rng.standard_normal((10, 400, cells)) + abilities[:, None, None] > 0
        result = rank_intervals(right.mean(axis=2), resamples=400, seed=1)
        covered += bool(((result.lower <= first) & (result.upper >= last)).all())
        informative += int((result.upper - result.lower < 9).sum())
    assert covered / trials >= 0.92
    if truth != "all tied":
        assert informative > trials
