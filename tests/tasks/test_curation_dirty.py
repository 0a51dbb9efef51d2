"""The dirty protocol: what choices and rankings did with known dirt, gains between anchors, and who knew the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_curation import TESTED, small_curation, submission, write_anchors
from torch import nn

from benchmark import evaluate, launch
from benchmark.documents.measured.curation_anchors import AnchorRun, CurationReference
from benchmark.effort import Effort, Tier
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.models.net import Net
from benchmark.protocol import Candidate, Scored
from benchmark.selection.oracle import oracle
from benchmark.selection.random_choice import balanced_random_choice
from benchmark.submitted_sets.curated import CuratedSet
from benchmark.task_registry import find_task
from tasks.curation.anchors import anchor_accuracies
from tasks.curation.chosen import choose, least_suspect
from tasks.curation.dirty import PROTOCOL
from tasks.curation.fixed_training import STANDARD_ONLY
from tasks.curation.measures import PLAN
from tasks.curation.settings import settings_of
from tasks.curation.split import OpenCuration, open_curation

TASK = "curation/fashion-mnist-dirty-1k"


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


def said(split: OpenCuration, shares: list[float]) -> dict[str, dict[str, np.ndarray]]:
    """What nets say that get such shares of the test images right, and the canaries last."""
    shards: dict[str, dict[str, np.ndarray]] = {}
    order = np.r_[np.setdiff1d(np.arange(TESTED), split.frozen.canary.ids), split.frozen.canary.ids]
    for run, share in enumerate(shares):
        wrong = np.isin(np.arange(TESTED), order[round(share * TESTED) :])
        predicted = np.where(wrong, (split.labels + 1) % 10, split.labels)
        shards[f"{PLAN}/seed {run}"] = {
            "predicted": predicted.astype(np.uint8),
            "corrupted_right": np.full(12, 5, np.uint16),
            "watched_right": np.zeros(13, np.uint8),
            "train_loss": np.array([0.5]),
        }
    return shards


def combined(
    split: OpenCuration, folder: Path, choice: CuratedSet, shares: list[float] | None = None, tier: Tier = "standard"
) -> Scored:
    file = submission(folder, TASK, choice) / "choice.safetensors"
    candidate = Candidate("curated", file=file, effort=Effort(tier))
    return PROTOCOL.combine(split.entry, split, candidate, said(split, shares or [0.8, 0.82]))


def sound(split: OpenCuration) -> np.ndarray:
    return ~split.pool.outliers & ~split.pool.mislabelled


def oracle_choice(split: OpenCuration) -> np.ndarray:
    return np.sort(oracle(split.pool.labels, sound(split), split.pool.sources, 1000, 0))


def random_pick(split: OpenCuration) -> np.ndarray:
    return np.sort(balanced_random_choice(split.pool.labels, 1000, 0))


def test_without_anchors_the_gain_is_missing(split: OpenCuration, tmp_path: Path) -> None:
    scores = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split))).scores
    assert "normalized_gain" not in scores
    assert scores["accuracy"].value == pytest.approx(0.81)


@pytest.mark.parametrize(("shares", "gain"), [([0.7, 0.7, 0.7], 0), ([0.9, 0.9, 0.9], 1), ([0.3, 0.3, 0.3], -2)])
def test_the_gain_is_0_and_1_at_the_anchors_and_not_clipped(
    split: OpenCuration, tmp_path: Path, shares: list[float], gain: float
) -> None:
    write_anchors(split, {"random": [0.69, 0.71], "oracle": [0.89, 0.91]})
    try:
        found = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split)), shares)
    finally:
        (split.entry.folder / "reference.json").unlink()
    score = found.scores["normalized_gain"]
    assert score.value == pytest.approx(gain, abs=1e-9)
    assert score.covers == "training runs"
    assert score.lower is not None
    assert score.upper is not None
    assert score.lower < gain < score.upper  # nets without spread still have the anchors' errors
    assert found.cells["anchor:oracle"] == {"accuracy": pytest.approx(0.9), "runs": 20}


@pytest.mark.parametrize("tier", ["quick", "fast"])
def test_a_run_of_another_tier_has_no_gain_and_says_why(split: OpenCuration, tmp_path: Path, tier: Tier) -> None:
    write_anchors(split, {"random": [0.69, 0.71], "oracle": [0.89, 0.91]})
    try:
        choice = CuratedSet("indices", random_pick(split))
        standard = combined(split, tmp_path / "random", choice)
        other = combined(split, tmp_path / "random", choice, tier=tier)
    finally:
        (split.entry.folder / "reference.json").unlink()
    assert set(standard.scores) - set(other.scores) == {"normalized_gain"}
    assert other.scores["accuracy"] == standard.scores["accuracy"]
    assert not any(name.startswith("anchor:") for name in other.cells)
    assert (standard.notes, other.notes) == ([], [STANDARD_ONLY])


def test_the_mean_is_divided_once(split: OpenCuration, tmp_path: Path) -> None:
    write_anchors(split, {"random": [0.5, 0.7], "oracle": [0.8, 0.9]})
    try:
        found = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split)), [0.6, 0.8])
    finally:
        (split.entry.folder / "reference.json").unlink()
    assert found.scores["normalized_gain"].value == pytest.approx((0.7 - 0.6) / (0.85 - 0.6))


def test_anchors_in_disorder_leave_no_gain_and_foreign_ones_are_refused(split: OpenCuration, tmp_path: Path) -> None:
    path = split.entry.folder / "reference.json"
    write_anchors(split, {"random": [0.9, 0.9], "oracle": [0.8, 0.8]})
    try:
        scores = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split))).scores
        assert "normalized_gain" not in scores
        path.write_text(path.read_text().replace(split.entry.task.scoring_sha256, "0" * 64))
        with pytest.raises(MettleError, match="another definition"):
            anchor_accuracies(split.entry)
    finally:
        path.unlink()


def test_a_random_choice_has_the_pools_dirt(split: OpenCuration, tmp_path: Path) -> None:
    scores = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split))).scores
    assert scores["wrong_label_share"].value == pytest.approx(0.2, abs=0.04)
    assert scores["outlier_share"].value == pytest.approx(0.05, abs=0.025)
    assert scores["noise_recall"].value == pytest.approx(1 - 1 / 60, abs=0.005)
    assert scores["noise_precision"].value == pytest.approx(0.2, abs=0.005)
    assert 0 < scores["copy_share"].value < 0.15
    assert "relabel_precision" not in scores
    assert "noise_auroc" not in scores


def test_the_oracles_choice_has_none_and_is_flagged(split: OpenCuration, tmp_path: Path) -> None:
    found = combined(split, tmp_path / "oracle", CuratedSet("indices", oracle_choice(split)))
    for name in ("wrong_label_share", "outlier_share", "copy_share"):
        assert found.scores[name].value == 0
    assert found.scores["noise_recall"].value == 1
    assert [flag.name for flag in found.flags] == ["anomaly"]
    assert "0 wrong labels among 1,000" in found.flags[0].evidence


@pytest.mark.parametrize("weight", [0.0, 1e-3])
def test_wrong_labels_that_are_hardly_drawn_hide_no_oracle(split: OpenCuration, tmp_path: Path, weight: float) -> None:
    mislabelled = np.flatnonzero(split.pool.mislabelled)[:20]
    slots = np.concatenate([oracle_choice(split)[20:], mislabelled])
    weights = np.where(np.isin(slots, mislabelled), weight, 1).astype(np.float32)
    found = combined(split, tmp_path / "padded", CuratedSet("indices", slots, weights=weights))
    assert found.scores["wrong_label_share"].value < 1e-4
    assert found.scores["distinct_images"].value == (980 if weight == 0 else 1000)
    assert [flag.name for flag in found.flags] == ["anomaly"]


def test_several_choices_of_one_method_count_as_one_run_each(split: OpenCuration, tmp_path: Path) -> None:
    write_anchors(split, {"random": [0.69, 0.71], "oracle": [0.89, 0.91]})
    try:
        small, large = random_pick(split)[::2], random_pick(split)
        sets = {
            "first": combined(split, tmp_path / "first", CuratedSet("indices", large), [0.90, 0.91]),
            "second": combined(split, tmp_path / "second", CuratedSet("indices", small), [0.93, 0.94]),
        }
    finally:
        (split.entry.folder / "reference.json").unlink()
    merged = PROTOCOL.merge(split.entry, split, sets)
    primary = merged.outcomes["primary"]
    right = [sets[name].outcomes["primary"].array.sum() for name in sets]
    assert primary.array.tolist() == right
    assert primary.scale == 2 * TESTED
    accuracy, gain = merged.scores["accuracy"], merged.scores["normalized_gain"]
    assert accuracy.value == pytest.approx(primary.array.mean() / primary.scale)
    assert (accuracy.covers, accuracy.n) == ("both", TESTED)
    assert gain.value == pytest.approx(np.mean([one.scores["normalized_gain"].value for one in sets.values()]))
    assert gain.covers == "training runs"
    assert gain.upper is not None
    assert gain.upper > 1.2  # never clipped
    distinct = merged.scores["distinct_images"]
    assert (distinct.value, distinct.lower) == (750, None)


def test_a_filter_that_loses_hard_images_is_not_flagged(split: OpenCuration, tmp_path: Path) -> None:
    allowed = sound(split) & ~split.hard
    slots = np.sort(balanced_random_choice(split.pool.labels, 1000, 0, allowed))
    found = combined(split, tmp_path / "easy", CuratedSet("indices", slots))
    assert found.scores["wrong_label_share"].value == 0
    assert found.flags == []
    assert combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split))).flags == []


def test_relabelling_is_held_against_the_truth(split: OpenCuration, tmp_path: Path) -> None:
    slots = random_pick(split)
    labels = split.pool.labels[slots].copy()
    wrong = np.flatnonzero(split.pool.mislabelled[slots])
    right = np.flatnonzero(~split.pool.mislabelled[slots] & ~split.pool.outliers[slots])
    mended, spoilt = wrong[: len(wrong) // 2], right[:20]
    labels[mended] = split.pool.clean_labels[slots[mended]]
    labels[spoilt] = (labels[spoilt] + 1) % 10
    choice = CuratedSet("indices", slots, labels=labels)
    scores = combined(split, tmp_path / "relabelled", choice).scores
    assert scores["relabel_precision"].value == pytest.approx(len(mended) / (len(mended) + 20))
    assert scores["relabel_recall"].value == pytest.approx(len(mended) / len(wrong))
    before = combined(split, tmp_path / "random", CuratedSet("indices", slots)).scores["wrong_label_share"].value
    assert scores["wrong_label_share"].value == pytest.approx(before - (len(mended) - 20) / 1000)
    examples = choose(split, choice).training_set(PLAN)
    assert sorted(examples.targets.argmax(axis=1).tolist()) == sorted(labels.tolist())


def perfect_order(split: OpenCuration) -> np.ndarray:
    return np.argsort(sound(split), kind="stable")


def test_a_ranking_is_scored_from_the_arrays(split: OpenCuration, tmp_path: Path) -> None:
    found = combined(split, tmp_path / "ranking", CuratedSet("suspicion", suspicion=perfect_order(split)))
    assert found.scores["noise_auroc"].value > 0.95
    curve = found.cells["debug:wrong labels"]
    assert curve["found_at_5"] == pytest.approx(0.2, abs=0.02)  # 3,000 slots, 4 in 5 of them noise
    assert curve["found_at_20"] == pytest.approx(0.8, abs=0.02)
    assert found.cells["debug:outliers"]["found_at_20"] == pytest.approx(0.8, abs=0.04)
    assert found.scores["wrong_label_share"].value == 0  # a quarter of the pool is dirt, and was dropped
    order = np.random.default_rng(0).permutation(60_000)
    floor = combined(split, tmp_path / "any", CuratedSet("suspicion", suspicion=order))
    assert floor.scores["noise_auroc"].value == pytest.approx(0.5, abs=0.01)
    assert floor.scores["noise_average_precision"].value == pytest.approx(0.2, abs=0.01)
    assert floor.cells["debug:copies"]["found_at_10"] == pytest.approx(0.1, abs=0.01)


def test_what_a_ranking_leaves_is_drawn_balanced(split: OpenCuration) -> None:
    settings, order = settings_of(split.entry), perfect_order(split)
    slots = least_suspect(split.pool.labels, order, settings)
    assert len(np.unique(slots)) == settings.budget
    assert np.bincount(split.pool.labels[slots]).tolist() == [100] * 10
    assert not np.isin(slots, order[: round(settings.dropped_share * len(order))]).any()


@pytest.mark.parametrize("form", ["images", "twice"])
def test_own_images_and_orders_that_are_none_are_refused(
    split: OpenCuration, tasks_dir: Path, tmp_path: Path, form: str
) -> None:
    if form == "images":
        choice = CuratedSet("images", images=split.pool.images[:5], labels=split.pool.labels[:5])
    else:
        choice = CuratedSet("suspicion", suspicion=np.zeros(60_000, np.int64))
    rule = "takes indices or suspicion" if form == "images" else "names every image of the pool once"
    with pytest.raises(MettleError, match=rule):
        evaluate(submission(tmp_path / form, TASK, choice), TASK, options=Options(tasks_dir=tasks_dir, workers=1))


def test_a_ranking_end_to_end(split: OpenCuration, tasks_dir: Path, tmp_path: Path) -> None:
    write_anchors(split, {"random": [0.2, 0.3], "oracle": [0.7, 0.9]})
    try:
        folder = submission(tmp_path / "ranking", TASK, CuratedSet("suspicion", suspicion=perfect_order(split)))
        options = Options(tasks_dir=tasks_dir, workers=1)
        record, again = evaluate(folder, TASK, options=options), evaluate(folder, TASK, options=options)
    finally:
        (split.entry.folder / "reference.json").unlink()
    result = record.result
    named = {metric.name for metric in (split.entry.task.primary, *split.entry.task.also)}
    assert set(result.scores) == named - {"relabel_precision", "relabel_recall"}
    mean = result.scores["accuracy"].value
    assert result.scores["normalized_gain"].value == pytest.approx((mean - 0.25) / (0.8 - 0.25), abs=1e-3)
    assert again.result == result


def test_an_arm_counts_with_its_first_twenty_runs_and_not_before(split: OpenCuration) -> None:
    path = split.entry.folder / "reference.json"
    write_anchors(split, {"random": [0.7], "oracle": [0.9]})
    reference = CurationReference.model_validate_json(path.read_text())
    (anchors,) = reference.anchors.values()
    more = [AnchorRun(choice_seed=20, net_seed=20, right=0)]
    anchors.arms["random"] = anchors.arms["random"] + more
    anchors.arms["oracle"] = anchors.arms["oracle"][:-1]
    path.write_text(reference.model_dump_json())
    try:
        found = anchor_accuracies(split.entry)
    finally:
        path.unlink()
    assert set(found) == {"random"}
    assert found["random"].tolist() == [0.7] * 20


class Constant(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.eye(10)[torch.full((len(images),), 3)].to(images.dtype)


class Noise(nn.Module):
    """Logits that are a fixed wild function of the pixels, with no relation to the classes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(784, 10, generator=torch.Generator().manual_seed(0)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.sin(1e4 * images.flatten(1) @ self.weight)


@pytest.mark.parametrize("module", [Constant(), Noise()])
def test_constant_and_random_nets_are_at_the_gain_of_one_class_in_ten(
    split: OpenCuration, tmp_path: Path, module: nn.Module
) -> None:
    file = submission(tmp_path / "any", TASK, CuratedSet("indices", random_pick(split))) / "choice.safetensors"
    said_by = PROTOCOL.judge(split.entry, split, PLAN, 0, Net(module, 1, 28))
    shards = {f"{PLAN}/seed {run}": {**said_by, "train_loss": np.array([0.0])} for run in range(2)}
    write_anchors(split, {"random": [0.69, 0.71], "oracle": [0.89, 0.91]})
    try:
        found = PROTOCOL.combine(split.entry, split, Candidate("curated", file=file), shards)
    finally:
        (split.entry.folder / "reference.json").unlink()
    assert found.scores["normalized_gain"].value == pytest.approx((0.1 - 0.7) / 0.2, abs=0.25)
    assert found.scores["accuracy"].value == pytest.approx(0.1, abs=0.05)
