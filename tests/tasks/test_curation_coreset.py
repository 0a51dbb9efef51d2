"""The coreset protocol end to end on 400 test images and a few steps: numbers, floors, repeats, refusals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from small_curation import RUNS, TESTED, small_curation, submission, write_anchors
from torch import nn

from benchmark import evaluate, launch
from benchmark.contamination.near_duplicates import far_from_training
from benchmark.documents import Record
from benchmark.effort import Effort, Tier
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.models.net import Net
from benchmark.protocol import Candidate
from benchmark.submitted_sets.curated import CuratedSet
from benchmark.task_registry import find_task
from tasks.curation.chosen import choose, read_choice
from tasks.curation.coreset import PROTOCOL
from tasks.curation.fixed_training import STANDARD_ONLY
from tasks.curation.measures import PLAN, Judged, choosing_allowance, common_scores
from tasks.curation.split import OpenCuration, open_curation

TASK = "curation/fashion-mnist-coreset-1k"
PROVENANCE = '[artifacts.provenance]\nsources = ["drawn by hand"]\nlicence = "MIT"\n'


@pytest.fixture(scope="module")
def tasks_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_curation(tmp_path_factory.mktemp("small") / "tasks", TASK.split("/")[1])


@pytest.fixture(scope="module")
def split(tasks_dir: Path) -> OpenCuration:
    return open_curation(find_task(TASK, tasks_dir))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path_factory.getbasetemp() / "curation cache"))
    monkeypatch.setattr(launch, "available_cores", lambda: 1)  # two threads on a busy machine are slower than one


def balanced(split: OpenCuration, per_class: int) -> np.ndarray:
    labels = split.pool.labels
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in range(10)]))


@pytest.fixture(scope="module")
def scored(tasks_dir: Path, split: OpenCuration, tmp_path_factory: pytest.TempPathFactory) -> Record:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METTLE_CACHE", str(tmp_path_factory.getbasetemp() / "curation cache"))
        patch.setattr(launch, "available_cores", lambda: 1)
        folder = submission(
            tmp_path_factory.mktemp("subs") / "first-images", TASK, CuratedSet("indices", balanced(split, 100))
        )
        return evaluate(folder, TASK, options=Options(tasks_dir=tasks_dir, workers=1))


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
    scores = common_scores(split, choose(split, CuratedSet("indices", balanced(split, 1))), nets)
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
    tasks_dir: Path, split: OpenCuration, scored: Record, tmp_path: Path
) -> None:
    mean = scored.result.scores["accuracy"].value
    write_anchors(split, {"random": [mean - 0.05, mean - 0.15]})
    try:
        folder = submission(tmp_path / "first-images", TASK, CuratedSet("indices", balanced(split, 100)))
        again = evaluate(folder, TASK, options=Options(tasks_dir=tasks_dir, workers=1))
    finally:
        (tasks_dir / "curation" / "reference.json").unlink()
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
    write_anchors(split, {"random": [0.69, 0.71]})
    try:
        found = PROTOCOL.combine(split.entry, split, candidate, knowing(split))
    finally:
        (split.entry.folder / "reference.json").unlink()
    assert ("lift" in found.scores) == ("anchor:random" in found.cells) == (tier == "standard")
    assert found.notes == ([] if tier == "standard" else [STANDARD_ONLY])


class Constant(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.eye(10)[torch.full((len(images),), 3)].to(images.dtype)


class Noise(nn.Module):
    """Logits that are a fixed wild function of the pixels, with no relation to the classes."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(784, 10, generator=torch.Generator().manual_seed(seed)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.sin(1e4 * images.flatten(1) @ self.weight)


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


def knowing(split: OpenCuration) -> dict[str, dict[str, np.ndarray]]:
    """What two nets say that know the test labels and nothing else."""
    return {
        f"{PLAN}/seed {run}": {
            "predicted": split.labels.astype(np.uint8),
            "corrupted_right": np.zeros(12, np.uint16),
            "watched_right": np.zeros(13, np.uint8),
            "train_loss": np.array([0.0]),
        }
        for run in range(2)
    }


def test_a_net_that_knows_the_test_labels_is_flagged(split: OpenCuration, tmp_path: Path) -> None:
    file = submission(tmp_path / "any", TASK, CuratedSet("indices", balanced(split, 2))) / "choice.safetensors"
    combined = PROTOCOL.combine(split.entry, split, Candidate("curated", file=file), knowing(split))
    assert [flag.name for flag in combined.flags] == ["canary"]
    assert combined.scores["leak_gap"].value == pytest.approx(1)


def test_chosen_images_are_not_watched(split: OpenCuration) -> None:
    taken = split.watched[::2]
    chosen = choose(split, CuratedSet("indices", np.sort(taken)))
    assert np.array_equal(split.watched[chosen.shown_watched(split)], taken)


@pytest.mark.parametrize("mirrored", [False, True])
def test_watched_images_among_own_ones_hide_no_leak(split: OpenCuration, tmp_path: Path, mirrored: bool) -> None:
    taken = np.arange(0, len(split.watched), 2)
    images = split.origin.images[split.watched[taken]]
    own = CuratedSet("images", images=images[:, :, ::-1] if mirrored else images, labels=np.zeros(len(taken), np.int64))
    chosen = read_choice(split, None, submission(tmp_path / "own", TASK, own) / "choice.safetensors")
    assert np.flatnonzero(chosen.shown_watched(split)).tolist() == taken.tolist()
    watched = np.zeros((2, len(split.watched)), bool)
    watched[:, taken] = True  # nets that know what they were shown, and the test images, and nothing else
    nets = Judged(np.ones((2, TESTED), bool), np.zeros((2, 12)), watched, np.zeros(2))
    assert common_scores(split, chosen, nets)["leak_gap"].value == pytest.approx(1)
    assert choosing_allowance(nets, chosen.shown_watched(split), 100 / 60_000) < 0.05  # half of them are no accident


def test_choosing_can_raise_the_gap_as_if_all_chosen_images_had_been_answered_right() -> None:
    """Of 10 watched images 4 are chosen, and 3 of the other 6 are right: at best 7 of 10, so .7 in place of .5."""
    watched = np.array([[0, 0, 0, 0, 1, 1, 1, 0, 0, 0]] * 2, bool)
    nets = Judged(np.ones((2, 5), bool), np.zeros((2, 12)), watched, np.zeros(2))
    chosen = np.arange(10) < 4
    assert choosing_allowance(nets, chosen, 1.0) == pytest.approx(0.7 - 0.5)
    assert choosing_allowance(nets, np.zeros(10, bool), 0.4) == 0
    assert math.isnan(choosing_allowance(nets, np.ones(10, bool), 0.4))


@pytest.mark.parametrize("share", [0.02, 0.25, 0.9, 1.0])
def test_more_watched_images_than_chance_shows_count_as_many_as_chance_shows(share: float) -> None:
    watched = np.zeros((2, 1000), bool)
    nets = Judged(np.ones((2, 5), bool), np.zeros((2, 12)), watched, np.zeros(2))
    shown = np.arange(1000) < 999
    assert choosing_allowance(nets, shown, share) == min(stats.binom.ppf(0.999, 1000, share) / 1000, 0.999)


def test_own_images_that_are_not_watched_leave_all_of_them(split: OpenCuration, tmp_path: Path) -> None:
    other = split.origin.images[np.setdiff1d(np.arange(200), split.watched)]
    altered = np.minimum(split.origin.images[split.watched[:5]], 254) + 1
    images = np.concatenate([other, altered])
    own = CuratedSet("images", images=images, labels=np.zeros(len(images), np.int64))
    chosen = read_choice(split, None, submission(tmp_path / "own", TASK, own) / "choice.safetensors")
    assert not chosen.shown_watched(split).any()


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


def test_a_choice_smaller_than_a_batch_is_repeated(split: OpenCuration) -> None:
    examples = choose(split, CuratedSet("indices", balanced(split, 1))).training_set(PLAN)
    assert len(examples) == 130
    assert np.unique(examples.images.reshape(130, -1), axis=0).shape[0] == 10


def test_own_images_need_their_origin(split: OpenCuration, tasks_dir: Path, tmp_path: Path) -> None:
    own = CuratedSet("images", images=split.origin.images[:20], labels=split.origin.labels[:20])
    with pytest.raises(MettleError, match="provenance"):
        evaluate(submission(tmp_path / "own", TASK, own), TASK, options=Options(tasks_dir=tasks_dir, workers=1))


def test_own_images_are_held_against_the_test_images(split: OpenCuration, tasks_dir: Path, tmp_path: Path) -> None:
    images = np.array(split.origin.images[:200])
    images[[3, 50]] = split.images[[7, 11]]
    images[60] = split.images[20][:, ::-1]
    own = CuratedSet("images", images=images, labels=split.origin.labels[:200])
    folder = submission(tmp_path / "leaked", TASK, own, PROVENANCE)
    result = evaluate(folder, TASK, options=Options(tasks_dir=tasks_dir, workers=1)).result
    assert result.scores["distinct_images"].value == 200
    assert result.scores["near_test_copies"].value >= 3
    (flag,) = [flag for flag in result.flags if flag.name == "contamination"]
    assert flag.evidence.startswith("3 of 200 images are test images, exactly: image 3 is test image 7, ")
    assert result.cells["pair:3"] == {"test_image": 7, "correlation": 1}


def test_a_choice_from_the_pool_is_not_searched_for_copies(split: OpenCuration) -> None:
    chosen = choose(split, CuratedSet("indices", balanced(split, 2)))
    arrays = PROTOCOL.inspect(split.entry, split, chosen, "contamination")
    assert all(len(array) == 0 for array in arrays.values())


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
    tasks_dir: Path, tmp_path: Path, choice: CuratedSet, rule: str
) -> None:
    folder = submission(tmp_path / "bad", TASK, choice)
    with pytest.raises(MettleError, match=rule) as refusal:
        evaluate(folder, TASK, options=Options(tasks_dir=tasks_dir, workers=1))
    assert "\n" not in str(refusal.value)


def test_a_pool_or_watched_images_other_than_frozen_are_refused(tasks_dir: Path) -> None:
    opened = open_curation(find_task(TASK, tasks_dir))
    opened.frozen = opened.frozen.model_copy(
        update={"pool": opened.frozen.pool.model_copy(update={"truth_sha256": "0" * 64, "watched_sha256": "1" * 64})}
    )
    with pytest.raises(MettleError, match="truth_sha256"):
        _ = opened.pool
    with pytest.raises(MettleError, match="watched"):
        _ = opened.watched
