"""The coreset protocol end to end on 400 test images and a few steps: numbers, floors, repeats, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_curation import RUNS, TESTED, Constant, Noise, anchored, balanced, knowing, submission
from torch import nn

from benchmark import evaluate
from benchmark.contamination.near_duplicates import far_from_training
from benchmark.documents import Record
from benchmark.effort import Effort, Tier
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.models.net import Net
from benchmark.protocol import Candidate
from benchmark.submitted_sets.curated import CuratedSet
from benchmark.task_registry import find_task
from tasks.curation.chosen import choose, own_images
from tasks.curation.coreset import PROTOCOL
from tasks.curation.fixed_training import STANDARD_ONLY
from tasks.curation.measures import PLAN, Judged, common_scores
from tasks.curation.split import OpenCuration, open_curation

TASK = "curation/fashion-mnist-coreset-1k"
pytestmark = pytest.mark.usefixtures("curation_cache")


@pytest.fixture(scope="module")
def scored(curation_tasks: Path, split: OpenCuration, tmp_path_factory: pytest.TempPathFactory) -> Record:
    choice = CuratedSet("indices", balanced(split, 100))
    folder = submission(tmp_path_factory.mktemp("subs") / "first-images", TASK, choice)
    return evaluate(folder, TASK, options=Options(tasks_dir=curation_tasks, workers=1))


def test_every_score_is_one_of_the_tasks_and_says_what_its_interval_covers(scored: Record, split: OpenCuration) -> None:
    task, scores = split.entry.task, scored.result.scores
    named = {metric.name for metric in (task.primary, *task.also)}
    assert set(scores) == named - {"lift", "near_test_copies"}  # no anchor, no own images: missing, not 0
    assert scores["accuracy"].covers == "both"
    assert scores["leak_gap"].covers == scores["mean_corruption_accuracy"].covers == "training runs"
    assert scores["distinct_images"].value == scores["effective_images"].value == 1000
    assert scores["class_balance"].value == pytest.approx(1)
    assert 0.1 < scores["accuracy"].value < 1
    assert scores["worst_class_accuracy"].value <= scores["accuracy"].value


def test_near_duplicates_are_left_out_of_a_score_of_their_own(split: OpenCuration) -> None:
    apart = far_from_training("fashion-mnist", split.frozen.tested)
    assert apart is not None
    assert np.flatnonzero(~apart).tolist() == [436]
    right = np.ones((2, TESTED), bool)
    right[:, 436] = False
    nets = Judged(right, np.zeros((2, 12)), np.zeros((2, 100), bool), np.zeros(2))
    chosen = choose(split, CuratedSet("indices", balanced(split, 1)))
    scores = common_scores(split, chosen, nets, chosen.shown_watched(split))
    assert scores["accuracy_without_near_duplicates"].value == 1
    assert scores["accuracy"].value == pytest.approx(1 - 1 / TESTED)


def test_the_outcomes_are_the_right_answers_of_each_net(scored: Record) -> None:
    primary = scored.result.outcomes["primary"]
    assert (primary.shape, primary.scale, primary.dtype) == ([RUNS], TESTED, "<u2")
    runs = [scored.result.cells[f"run:{run}"]["accuracy"] for run in range(1, RUNS + 1)]
    assert np.mean(runs) == pytest.approx(scored.result.scores["accuracy"].value, abs=1e-9)
    by_class = [value for name, value in scored.result.cells.items() if name.startswith("group:class/")]
    total = sum(cell["n"] * cell["accuracy"] for cell in by_class)
    assert total / TESTED == pytest.approx(scored.result.scores["accuracy"].value, abs=1e-9)


def test_the_lift_is_over_the_mean_of_the_random_arm(
    curation_tasks: Path, split: OpenCuration, scored: Record, tmp_path: Path
) -> None:
    mean = scored.result.scores["accuracy"].value
    with anchored(split, {"random": [mean - 0.05, mean - 0.15]}):
        folder = submission(tmp_path / "first-images", TASK, CuratedSet("indices", balanced(split, 100)))
        again = evaluate(folder, TASK, options=Options(tasks_dir=curation_tasks, workers=1))
    lift = again.result.scores["lift"]
    assert lift.value == pytest.approx(0.1, abs=2 / TESTED)
    assert lift.lower is not None
    assert lift.upper is not None
    assert lift.lower < lift.value < lift.upper
    assert again.result.scores["accuracy"] == scored.result.scores["accuracy"]  # the nets came from the cache


@pytest.mark.parametrize("tier", ["standard", "quick", "fast"])
def test_only_the_standard_tier_has_a_lift(split: OpenCuration, tmp_path: Path, tier: Tier) -> None:
    file = submission(tmp_path / "any", TASK, CuratedSet("indices", balanced(split, 2))) / "choice.safetensors"
    candidate = Candidate("curated", file=file, effort=Effort(tier))
    with anchored(split, {"random": [0.69, 0.71]}):
        found = PROTOCOL.combine(split.entry, split, candidate, knowing(split))
    assert ("lift" in found.scores) == ("anchor:random" in found.cells) == (tier == "standard")
    assert found.notes == ([] if tier == "standard" else [STANDARD_ONLY])


@pytest.mark.parametrize("nets", [[Constant(), Constant()], [Noise(0), Noise(1)]])
def test_constant_and_random_nets_are_at_the_floor(split: OpenCuration, tmp_path: Path, nets: list[nn.Module]) -> None:
    file = submission(tmp_path / "any", TASK, CuratedSet("indices", balanced(split, 2))) / "choice.safetensors"
    shards = {
        f"{PLAN}/seed {run}": {
            **PROTOCOL.judge(split.entry, split, PLAN, run, Net(module, 1, 28)),
            "train_loss": np.array([0.0]),
        }
        for run, module in enumerate(nets)
    }
    combined = PROTOCOL.combine(split.entry, split, Candidate("curated", file=file), shards)
    floor = split.entry.task.primary.floor
    assert floor is not None
    score = combined.scores["accuracy"]
    assert score.lower is not None
    assert score.upper is not None
    assert score.lower - 0.02 <= floor <= score.upper + 0.02
    assert combined.scores["worst_class_accuracy"].value < 0.1
    assert combined.flags == []


def test_weights_are_chances_and_the_order_of_a_file_decides_nothing(split: OpenCuration) -> None:
    slots = balanced(split, 20)
    weights = np.linspace(0, 2, len(slots))
    examples = choose(split, CuratedSet("indices", slots, weights=weights)).training_set(PLAN)
    assert examples.weights is not None
    assert sorted(examples.weights.tolist()) == sorted(weights.tolist())
    by_image = {image.tobytes(): weight for image, weight in zip(split.pool.images[slots], weights, strict=True)}
    for image, weight in zip(examples.images, examples.weights, strict=True):
        assert by_image[image.tobytes()] == weight
    classes = examples.targets.argmax(axis=1)
    assert len(set(classes[:50].tolist())) > 5  # not class by class, as the file has them


def test_nets_see_own_images_in_one_order_whatever_the_file_s(split: OpenCuration) -> None:
    images, labels = split.pool.images[:200], split.pool.labels[:200]
    other = np.random.default_rng(0).permutation(200)
    given = [CuratedSet("images", images=images, labels=labels)]
    given.append(CuratedSet("images", images=images[other], labels=labels[other]))
    first, second = (own_images(one, split).training_set(PLAN) for one in given)
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.targets, second.targets)
    assert len(set(first.targets.argmax(axis=1)[:50].tolist())) > 5


def test_a_choice_smaller_than_a_batch_is_repeated(split: OpenCuration) -> None:
    examples = choose(split, CuratedSet("indices", balanced(split, 1))).training_set(PLAN)
    assert len(examples) == 130
    assert np.unique(examples.images.reshape(130, -1), axis=0).shape[0] == 10


@pytest.mark.parametrize(
    ("choice", "rule"),
    [
        (CuratedSet("indices", np.arange(1001)), "the budget is 1,000 distinct images"),
        (CuratedSet("indices", np.array([5, 60_000])), "60000 at position 1"),
        (CuratedSet("indices", np.arange(10), labels=np.zeros(10, np.int64)), "the labels of the pool hold"),
        (CuratedSet("suspicion", suspicion=np.arange(60_000)), "takes indices or images"),
    ],
)
def test_what_the_task_does_not_take_is_refused_in_one_line(
    curation_tasks: Path, tmp_path: Path, choice: CuratedSet, rule: str
) -> None:
    folder = submission(tmp_path / "bad", TASK, choice)
    with pytest.raises(MettleError, match=rule) as refusal:
        evaluate(folder, TASK, options=Options(tasks_dir=curation_tasks, workers=1))
    assert "\n" not in str(refusal.value)


def test_a_pool_or_watched_images_other_than_frozen_are_refused(curation_tasks: Path) -> None:
    opened = open_curation(find_task(TASK, curation_tasks))
    opened.frozen = opened.frozen.model_copy(
        update={"pool": opened.frozen.pool.model_copy(update={"truth_sha256": "0" * 64, "watched_sha256": "1" * 64})}
    )
    with pytest.raises(MettleError, match="truth_sha256"):
        _ = opened.pool
    with pytest.raises(MettleError, match="watched"):
        _ = opened.watched
