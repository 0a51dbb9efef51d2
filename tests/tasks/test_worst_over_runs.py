"""The worst group of several training runs: the lowest mean, not the mean of the lowest; its interval."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.scored import OutcomeArray, Scored
from benchmark.scores import proportion_score
from benchmark.task_registry import find_task
from tasks.subgroup.attributes import PROTOCOL, _groupings
from tasks.subgroup.grouping import Grouping, GroupWeights, group_weights, worst_group_score
from tasks.subgroup.worst_over_runs import worst_over_runs

TASK = "subgroup/fashion-mnist-attributes"


def crossed(images: int) -> tuple[Grouping, GroupWeights]:
    """Four attributes of five groups each, drawn at random; the first one is returned."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, images)
    groupings = [Grouping(f"attribute {k}", tuple("12345"), rng.integers(0, 5, images)) for k in range(4)]
    return groupings[0], group_weights(groupings, labels, 10).only_ranked()


def test_the_lowest_mean_is_above_the_mean_of_the_lowest() -> None:
    _, groups = crossed(2000)
    correct = np.random.default_rng(1).random((3, 2000)) < 0.9
    score = worst_over_runs(correct, groups, 5)
    assert score.value == pytest.approx(float((correct @ groups.weights.T).mean(axis=0).min()))
    assert score.value > np.mean([worst_group_score(run, groups).value for run in correct])
    assert score.covers == "both"


def test_runs_that_agree_have_the_interval_over_images() -> None:
    _, groups = crossed(2000)
    once = np.random.default_rng(2).random(2000) < 0.9
    alone, several = worst_group_score(once, groups), worst_over_runs(np.stack([once] * 3), groups, 5)
    assert (several.value, several.lower, several.upper) == pytest.approx((alone.value, alone.lower, alone.upper))


def test_merged_score_is_the_lowest_row_mean_of_the_merged_outcomes() -> None:
    entry = find_task(TASK)
    split = PROTOCOL.open_split(entry)
    groups = group_weights(_groupings(split), split.dataset.labels, 10)
    runs = {}
    for seed in range(3):
        correct = np.random.default_rng(seed).random(10_000) < 0.9
        outcome = OutcomeArray(np.rint(1e13 * groups.weights * correct).astype(np.int64), 10**9)
        own = {"worst_group_accuracy": worst_group_score(correct, groups), "accuracy": proportion_score(correct)}
        runs[f"seed {seed}"] = Scored(
            own, outcomes={"primary": outcome, "correct": OutcomeArray(np.packbits(correct), stored="store")}
        )
    merged = PROTOCOL.merge(entry, split, runs)
    primary = merged.outcomes["primary"]
    lowest = primary.array.sum(axis=1, dtype=np.int64).min() / (primary.scale * 10_000)
    score = merged.scores["worst_group_accuracy"]
    assert score.value == pytest.approx(lowest, abs=1e-12)
    assert score.value > np.mean([run.scores["worst_group_accuracy"].value for run in runs.values()])
    assert score.lower is not None
    assert score.lower < score.value < (score.upper or 0)
    accuracies = [run.scores["accuracy"].value for run in runs.values()]
    assert merged.scores["accuracy"].value == pytest.approx(np.mean(accuracies))


@pytest.mark.slow
@pytest.mark.parametrize("runs", [2, 3, 5])
def test_coverage_over_runs_and_images(runs: int) -> None:
    """4 cells of 200 trials: Monte-Carlo error .015. Runs differ in all groups alike, by group, both, or not at all."""
    grouping, groups = crossed(4000)
    base = 0.85 + 0.05 * (grouping.codes != 2)
    truth = float((groups.weights @ base).min())
    for common, by_group in ((0.0, 0.0), (0.05, 0.0), (0.0, 0.02), (0.02, 0.02)):
        rng = np.random.default_rng([runs, round(1000 * common), round(1000 * by_group)])
        hits = 0
        for _ in range(200):
            ease, correct = rng.random(4000), []
            for _ in range(runs):
                chance = base + common * rng.normal() + by_group * rng.normal(size=5)[grouping.codes]
                correct.append(np.where(rng.random(4000) < 0.6, ease, rng.random(4000)) < chance)
            score = worst_over_runs(np.stack(correct), groups, 5)
            assert score.lower is not None
            assert score.upper is not None
            hits += score.lower <= truth <= score.upper
        print(f"{runs} runs, {common}, {by_group}: {hits / 200:.3f}")
        assert hits / 200 >= 0.93
