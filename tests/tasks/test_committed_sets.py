"""What the committed records of data sets show: methods in the order the field knows, beyond their intervals."""

from __future__ import annotations

import re

import pytest

from benchmark.documents import Record, Score
from benchmark.documents.store import standing_records
from benchmark.paths import ROOT
from scripts.learn_leak_limits import learnt
from tasks.curation.leak_limits import FILE, LeakLimits

SUBMISSIONS = ROOT / "submissions"
FILTERS = ("confident-learning", "neighbour-agreement", "small-loss", "herding", "margin", "forgetting", "el2n")


def by_submission(task: str) -> dict[str, Record]:
    """The newest standing records of a task."""
    return {
        record.result.submission: record for _, record in standing_records(SUBMISSIONS) if record.result.task.id == task
    }


def clearly_above(higher: Score, lower: Score) -> bool:
    assert higher.lower is not None
    assert lower.upper is not None
    return higher.lower > lower.upper


def test_distribution_matching_is_above_herding_and_herding_above_random() -> None:
    scores = {
        name: record.result.scores["accuracy"]
        for name, record in by_submission("distillation/fashion-mnist-ipc10").items()
    }
    assert clearly_above(scores["dd-dm"], scores["dd-herding"])
    assert clearly_above(scores["dd-herding"], scores["dd-random"])


def test_the_oracle_is_above_every_filter_of_dirty_slots_and_two_of_them_above_random() -> None:
    of = {
        name.removeprefix("curation-"): record.result.scores
        for name, record in by_submission("curation/fashion-mnist-dirty-5k").items()
    }
    oracle, random = of["oracle"], of["balanced-random"]
    assert all(oracle["accuracy"].value > of[name]["accuracy"].value for name in FILTERS)
    above = [name for name in FILTERS if clearly_above(of[name]["normalized_gain"], random["normalized_gain"])]
    assert len(above) >= 2
    assert of["el2n"]["accuracy"].value < random["accuracy"].value - 0.5


@pytest.mark.parametrize("task", ["fashion-mnist-coreset-1k", "cifar10-coreset-5k"])
def test_herding_is_above_random_choices(task: str) -> None:
    lift = by_submission(f"curation/{task}")["curation-herding"].result.scores["lift"]
    assert lift.lower is not None
    assert lift.lower > 0


def test_the_card_says_where_baselines_of_distillation_lie_by_number_and_alarm() -> None:
    records = [record for _, record in standing_records(SUBMISSIONS)]
    scores = [record.result.scores for record in records if record.result.task.id.startswith("distillation/")]
    card = " ".join((ROOT / "tasks" / "distillation" / "README.md").read_text(encoding="utf-8").split())
    gaps = [100 * of["leak_gap"].value for of in scores]
    canaries = [100 * of["canary_accuracy"].value for of in scores]
    low, high = (re.sub(r"(?<!\d)0\.", ".", f"{gap:.2f}") for gap in (min(gaps), max(gaps)))
    assert f"between {low} and {high} points by the number" in card
    assert f"between {min(canaries):.1f} and {max(canaries):.1f} % by the alarm" in card


@pytest.mark.parametrize("dataset", ["fashion-mnist", "cifar10"])
def test_the_limits_of_the_leak_gap_are_those_of_the_records(dataset: str, request: pytest.FixtureRequest) -> None:
    if dataset == "cifar10":
        request.getfixturevalue("mirror")
    committed = LeakLimits.model_validate_json((ROOT / "tasks" / "curation" / FILE).read_text(encoding="utf-8"))
    own = {name: gaps for name, gaps in committed.honest_gaps.items() if f"/{dataset}" in name}
    assert len(own) >= 2
    assert learnt(SUBMISSIONS, dataset=dataset).honest_gaps == own
    others = {name for name in committed.honest_gaps if "/fashion-mnist" not in name and "/cifar10" not in name}
    assert not others
