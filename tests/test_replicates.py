"""Several training runs as one set of scores."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.documents import Flag, Score
from benchmark.replicates import mean_of_scores, mean_over_runs, mean_scores
from benchmark.scored import OutcomeArray, Scored
from benchmark.scores import mean_score, proportion_score


def run(seed: int, n: int = 400) -> Scored:
    correct = np.random.default_rng(seed).random(n) < 0.8
    return Scored(
        scores={"accuracy": proportion_score(correct), "bare": Score(value=float(seed))},
        cells={"clean": {"accuracy": float(correct.mean())}},
        outcomes={
            "primary": OutcomeArray(correct.astype(np.uint8)),
            "clean_correct": OutcomeArray(np.packbits(correct)),
            "confidence_histograms": OutcomeArray(np.full((2, 3), 40_000, dtype=np.uint16)),
        },
        flags=[Flag(name="canary", evidence="seen")] if seed == 1 else [],
    )


def test_means_sums_and_stacks() -> None:
    runs = {f"seed {seed}": run(seed) for seed in range(3)}
    merged = mean_over_runs(runs)
    values = [one.scores["accuracy"].value for one in runs.values()]
    assert merged.scores["accuracy"].value == pytest.approx(np.mean(values), abs=1e-12)
    assert merged.cells["clean"]["accuracy"] == pytest.approx(np.mean(values), abs=1e-12)
    primary = merged.outcomes["primary"]
    assert primary.scale == 3
    assert primary.array.mean() / 3 == pytest.approx(merged.scores["accuracy"].value, abs=1e-12)
    assert merged.outcomes["clean_correct"].array.shape == (3, 50)
    assert merged.outcomes["confidence_histograms"].array.tolist() == [[120_000] * 3] * 2  # beyond uint16
    assert [flag.evidence for flag in merged.flags] == ["seed 1: seen"]


def test_interval_covers_runs_and_images() -> None:
    one = [mean_score(np.repeat([0.0, 1.0], [100 - hits, hits])) for hits in (70, 80, 90)]
    merged = mean_of_scores(one)
    over_runs = 4.302653 * 0.1 / math.sqrt(3)
    assert merged.covers == "both"
    assert merged.lower is not None
    assert merged.upper is not None
    assert merged.value - merged.lower > over_runs
    below = np.mean([score.value - score.lower for score in one if score.lower is not None])
    assert merged.value - merged.lower == pytest.approx(math.hypot(float(below), over_runs), rel=1e-6)
    assert merged.upper <= 1


def test_runs_without_an_interval_give_one_over_runs() -> None:
    merged = mean_of_scores([Score(value=value) for value in (1.0, 2.0, 3.0)])
    assert merged.covers == "training runs"
    assert merged.lower == pytest.approx(2 - 4.302653 / math.sqrt(3), rel=1e-6)


def test_intervals_over_training_runs_stay_such_and_are_not_cut_off() -> None:
    lifts = [
        Score(value=v, lower=v - 0.01, upper=v + 0.01, covers="training runs", confidence=0.95) for v in (0.02, 0.03)
    ]
    merged = mean_of_scores(lifts)
    assert merged.covers == "training runs"
    assert merged.lower == pytest.approx(0.025 - math.hypot(0.01, 12.7062 * 0.005), rel=1e-4)
    assert merged.lower < 0


def test_what_was_counted_has_no_interval() -> None:
    sets = [Scored(scores={"bytes_total": Score(value=value)}, cells={}, outcomes={}) for value in (8000.0, 9000.0)]
    assert mean_scores(sets, bare_are_counts=True) == {"bytes_total": Score(value=8500.0)}


@pytest.mark.slow
@pytest.mark.parametrize("runs", [2, 3, 5])
@pytest.mark.parametrize("sd_of_runs", [0.0, 0.01, 0.03])
def test_coverage_over_runs_and_images(runs: int, sd_of_runs: float) -> None:
    """At least .92 of 1,000 simulated submissions (Monte-Carlo error .007): logit-normal images, normal run effects."""
    rng = np.random.default_rng(runs)
    hit = 0
    repeats, images, mean = 1000, 1000, 1.5
    truth = _accuracy(mean, sd_of_runs, rng)
    for _ in range(repeats):
        ease = rng.normal(mean, 2.0, images)
        scores = []
        for _ in range(runs):
            chance = 1 / (1 + np.exp(-(ease + rng.normal(0, 10 * sd_of_runs))))
            scores.append(proportion_score(rng.random(images) < chance))
        merged = mean_of_scores(scores)
        assert merged.lower is not None
        assert merged.upper is not None
        hit += merged.lower <= truth <= merged.upper
    assert hit / repeats >= 0.92


def _accuracy(mean: float, sd_of_runs: float, rng: np.random.Generator) -> float:
    """The expected accuracy, by a million draws."""
    logits = rng.normal(mean, 2.0, 1_000_000) + rng.normal(0, 10 * sd_of_runs, 1_000_000)
    return float((1 / (1 + np.exp(-logits))).mean())
