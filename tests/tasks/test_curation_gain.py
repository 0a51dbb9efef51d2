"""The normalized gain of the dirty protocol: 0 and 1 at its anchors, divided once, never clipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_curation import TESTED, Constant, Noise, anchored, combined, random_pick, submission
from torch import nn

from benchmark.documents.measured.curation_anchors import AnchorRun, CurationReference
from benchmark.effort import Tier
from benchmark.errors import MettleError
from benchmark.models.net import Net
from benchmark.protocol import Candidate
from benchmark.submitted_sets.curated import CuratedSet
from tasks.curation.anchors import anchor_accuracies
from tasks.curation.dirty import PROTOCOL
from tasks.curation.fixed_training import STANDARD_ONLY
from tasks.curation.measures import PLAN
from tasks.curation.split import OpenCuration

TASK = "curation/fashion-mnist-dirty-1k"
pytestmark = pytest.mark.usefixtures("curation_cache")


def test_without_anchors_the_gain_is_missing(split: OpenCuration, tmp_path: Path) -> None:
    scores = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split))).scores
    assert "normalized_gain" not in scores
    assert scores["accuracy"].value == pytest.approx(0.81)


@pytest.mark.parametrize(("shares", "gain"), [([0.7, 0.7, 0.7], 0), ([0.9, 0.9, 0.9], 1), ([0.3, 0.3, 0.3], -2)])
def test_the_gain_is_0_and_1_at_the_anchors_and_not_clipped(
    split: OpenCuration, tmp_path: Path, shares: list[float], gain: float
) -> None:
    with anchored(split, {"random": [0.69, 0.71], "oracle": [0.89, 0.91]}):
        found = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split)), shares)
    score = found.scores["normalized_gain"]
    assert score.value == pytest.approx(gain, abs=1e-9)
    assert score.covers == "training runs"
    assert score.lower is not None
    assert score.upper is not None
    assert score.lower < gain < score.upper  # nets without spread still have the anchors' errors
    assert found.cells["anchor:oracle"] == {"accuracy": pytest.approx(0.9), "runs": 20}


@pytest.mark.parametrize("tier", ["quick", "fast"])
def test_a_run_of_another_tier_has_no_gain_and_says_why(split: OpenCuration, tmp_path: Path, tier: Tier) -> None:
    with anchored(split, {"random": [0.69, 0.71], "oracle": [0.89, 0.91]}):
        choice = CuratedSet("indices", random_pick(split))
        standard = combined(split, tmp_path / "random", choice)
        other = combined(split, tmp_path / "random", choice, tier=tier)
    assert set(standard.scores) - set(other.scores) == {"normalized_gain"}
    assert other.scores["accuracy"] == standard.scores["accuracy"]
    assert not any(name.startswith("anchor:") for name in other.cells)
    assert (standard.notes, other.notes) == ([], [STANDARD_ONLY])


def test_the_mean_is_divided_once(split: OpenCuration, tmp_path: Path) -> None:
    with anchored(split, {"random": [0.5, 0.7], "oracle": [0.8, 0.9]}):
        found = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split)), [0.6, 0.8])
    assert found.scores["normalized_gain"].value == pytest.approx((0.7 - 0.6) / (0.85 - 0.6))


def test_anchors_in_disorder_leave_no_gain_and_foreign_ones_are_refused(split: OpenCuration, tmp_path: Path) -> None:
    with anchored(split, {"random": [0.9, 0.9], "oracle": [0.8, 0.8]}) as path:
        scores = combined(split, tmp_path / "random", CuratedSet("indices", random_pick(split))).scores
        assert "normalized_gain" not in scores
        path.write_text(path.read_text().replace(split.entry.task.scoring_sha256, "0" * 64))
        with pytest.raises(MettleError, match="another definition"):
            anchor_accuracies(split.entry)


def test_several_choices_of_one_method_count_as_one_run_each(split: OpenCuration, tmp_path: Path) -> None:
    with anchored(split, {"random": [0.69, 0.71], "oracle": [0.89, 0.91]}):
        small, large = random_pick(split)[::2], random_pick(split)
        sets = {
            "first": combined(split, tmp_path / "first", CuratedSet("indices", large), [0.90, 0.91]),
            "second": combined(split, tmp_path / "second", CuratedSet("indices", small), [0.93, 0.94]),
        }
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


def test_an_arm_counts_with_its_first_twenty_runs_and_not_before(split: OpenCuration) -> None:
    with anchored(split, {"random": [0.7], "oracle": [0.9]}) as path:
        reference = CurationReference.model_validate_json(path.read_text())
        (anchors,) = reference.anchors.values()
        more = [AnchorRun(choice_seed=20, net_seed=20, right=0)]
        anchors.arms["random"] = anchors.arms["random"] + more
        anchors.arms["oracle"] = anchors.arms["oracle"][:-1]
        path.write_text(reference.model_dump_json())
        found = anchor_accuracies(split.entry)
    assert set(found) == {"random"}
    assert found["random"].tolist() == [0.7] * 20


@pytest.mark.parametrize("module", [Constant(), Noise(0)])
def test_constant_and_random_nets_are_at_the_gain_of_one_class_in_ten(
    split: OpenCuration, tmp_path: Path, module: nn.Module
) -> None:
    file = submission(tmp_path / "any", TASK, CuratedSet("indices", random_pick(split))) / "choice.safetensors"
    said_by = PROTOCOL.judge(split.entry, split, PLAN, 0, Net(module, 1, 28))
    shards = {f"{PLAN}/seed {run}": {**said_by, "train_loss": np.array([0.0])} for run in range(2)}
    with anchored(split, {"random": [0.69, 0.71], "oracle": [0.89, 0.91]}):
        found = PROTOCOL.combine(split.entry, split, Candidate("curated", file=file), shards)
    assert found.scores["normalized_gain"].value == pytest.approx((0.1 - 0.7) / 0.2, abs=0.25)
    assert found.scores["accuracy"].value == pytest.approx(0.1, abs=0.05)
