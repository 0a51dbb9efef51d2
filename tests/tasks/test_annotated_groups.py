"""Annotated groups: the published counts and figures, records of predictions and of nets, floors, refusals."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmark import evaluate
from benchmark.documents import file_sha256, read_record
from benchmark.documents.store import read_outcomes
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission
from benchmark.metrics import (
    fair_std,
    group_accuracies,
    group_cells,
    macro_std,
    standardized_group_accuracies,
)
from benchmark.paths import ROOT
from benchmark.pin import pin_task
from benchmark.protocol import Candidate, Scored
from benchmark.statistics import macro_std_test
from benchmark.task_registry import find_task
from tasks.subgroup.annotations import OpenAnnotations, read_annotations, settings_of

TASK = "subgroup/cifar10-b"
SUBMISSIONS = ROOT / "submissions"
SUBGROUP = ROOT / "tasks" / "subgroup"

# Accuracy, MacroStd, mean and z under permutations, p, from 1,000 permutations by another program.
TABULATED = {
    "wrn-28-10": (0.9593, 0.0190, 0.0148, 2.9, 0.003),
    "wrn-28-10-cutout16": (0.9696, 0.0147, 0.0127, 1.5, 0.063),
    "densenet-bc-100-12": (0.9554, 0.0172, 0.0155, 1.1, 0.132),
    "resnet-basic-110": (0.9346, 0.0291, 0.0188, 6.0, 0.001),
    "cudaconvnet": (0.8854, 0.0429, 0.0241, 8.3, 0.001),
}


def opened() -> OpenAnnotations:
    entry = find_task(TASK)
    split = entry.protocol().open_split(entry)
    assert isinstance(split, OpenAnnotations)
    return split


def published(name: str) -> np.ndarray:
    with np.load(SUBMISSIONS / f"published-{name}" / "predictions.npz") as file:
        return file["predicted.cifar10-test"]


def scored(predicted: np.ndarray) -> Scored:
    entry = find_task(TASK)
    protocol, split = entry.protocol(), opened()
    shards: Mapping[str, Mapping[str, np.ndarray]] = {split.set_name: {"predicted": predicted}}
    found = protocol.combine(entry, split, Candidate("predictions"), shards)
    assert isinstance(found, Scored)
    return found


def test_groups_have_the_published_sizes() -> None:
    split = opened()
    assert np.bincount(split.grouping.codes).tolist() == [2863, 1040, 2467, 676, 401, 2114, 168, 271]
    images = group_cells(np.ones(10_000, bool), split.labels, split.grouping.codes, (10, 8)).images
    held = images[images > 0]
    assert (len(held), held.min(), np.median(held), held.max()) == (77, 2, 81, 711)
    assert [(held < few).sum() for few in (5, 10, 30)] == [3, 9, 18]
    hundred = find_task("subgroup/cifar100-b")
    labels, grouping = read_annotations(hundred, settings_of(hundred))
    assert np.bincount(grouping.codes).tolist() == [2205, 1189, 2508, 1245, 759, 1635, 207, 252]
    counts = np.bincount(labels * 8 + grouping.codes, minlength=800)
    assert ((counts > 0).sum(), np.median(counts[counts > 0]), (counts[counts > 0] < 30).sum()) == (722, 10, 642)


@pytest.mark.parametrize("name", sorted(TABULATED))
def test_macro_std_null_and_p_are_the_tabulated_ones(name: str) -> None:
    accuracy, observed, floor, z, p = TABULATED[name]
    split = opened()
    correct = published(name) == split.labels
    cells = split.grouping.counts(correct, split.labels, 10)
    assert correct.mean() == accuracy
    assert float(macro_std(cells)) == pytest.approx(observed, abs=6e-5)
    test = macro_std_test(cells)
    assert test.mean == pytest.approx(floor, abs=1.5e-4)
    assert test.z == pytest.approx(z, abs=0.35)
    # Both values of p come from 1,000 permutations.
    assert test.p_value == pytest.approx(p, abs=4 * np.sqrt(2 * max(p, 0.001) / 1000))


def test_standardized_groups_of_the_ten_best_models() -> None:
    split = opened()
    names = [path.parent.name.removeprefix("published-") for path in SUBMISSIONS.glob("published-*/submission.toml")]
    assert len(names) == 30
    correct = sorted((published(name) == split.labels for name in names), key=lambda hits: -hits.sum())[:10]
    cells = [split.grouping.counts(hits, split.labels, 10) for hits in correct]
    standardized = np.mean([standardized_group_accuracies(each) for each in cells], axis=0)
    raw = np.mean([group_accuracies(each) for each in cells], axis=0)
    wanted = [0.9536, 0.9630, 0.9656, 0.9811, 0.9568, 0.9648, 0.9734, 0.9484]
    assert standardized == pytest.approx(wanted, abs=6e-5)
    assert raw == pytest.approx([0.9643, 0.9687, 0.9725, 0.9846, 0.9554, 0.9631, 0.9536, 0.9561], abs=6e-5)


def test_record_of_predictions(tmp_path: Path) -> None:
    (path,) = score_submission(SUBMISSIONS / "published-wrn-28-10", TASK, Options(out=tmp_path))
    record = read_record(path)
    result, split = record.result, opened()
    correct = published("wrn-28-10") == split.labels
    cells = split.grouping.counts(correct, split.labels, 10)
    primary, outcome = result.scores["group_balanced_accuracy"], result.outcomes["primary"]
    values = read_outcomes(path, record)["primary"].astype(np.int64)
    assert primary.value == pytest.approx(values.sum() / (outcome.scale * len(values)), abs=1e-9)
    assert primary.value == pytest.approx(standardized_group_accuracies(cells).mean(), abs=1e-9)
    assert primary.lower is not None
    assert primary.lower < primary.value < (primary.upper or 0) < 1
    assert result.scores["fair_std"].value == pytest.approx(fair_std(cells), abs=1e-9)
    assert result.scores["worst_group_accuracy"].value == pytest.approx(standardized_group_accuracies(cells).min())
    assert result.cells["group:background/red"]["n"] == 168
    assert result.cells["group:background/red"]["raw_accuracy"] == pytest.approx(0.9464, abs=5e-5)
    assert "class:bird/group:background/red" not in result.cells  # no image: missing, not 0
    assert "calibration_excess" not in result.scores
    assert (record.run.pixels_sha256, result.cost) == (None, None)


def test_constant_and_random_answers_are_at_the_floor() -> None:
    constants = [scored(np.full(10_000, answer)) for answer in range(10)]
    values = [found.scores["group_balanced_accuracy"].value for found in constants]
    assert np.mean(values) == pytest.approx(0.1, abs=1e-9)
    assert all(0.07 < value < 0.12 for value in values)  # some classes are hardly on red or other backgrounds
    assert all(found.scores["fair_std"].value == 0 for found in constants)
    assert all(found.scores["permutation_p"].value == 1 for found in constants)
    chance = scored(np.random.default_rng(0).integers(0, 10, 10_000)).scores["group_balanced_accuracy"]
    assert chance.lower is not None
    assert chance.lower < 0.1 < (chance.upper or 0)


def test_perfect_answers_have_no_error_ratio() -> None:
    found = scored(opened().labels)
    assert found.scores["group_balanced_accuracy"].value == 1
    assert found.scores["worst_group_accuracy"].upper == 1
    assert "error_ratio" not in found.scores


def changed(tmp_path: Path, **arrays: np.ndarray) -> Path:
    """A submission like a published one, with other arrays."""
    source, folder = SUBMISSIONS / "published-darc", tmp_path / "published-darc"
    folder.mkdir()
    with np.load(source / "predictions.npz") as file:
        held = {name: file[name] for name in file.files}
    held |= {name.replace("__", "."): array for name, array in arrays.items()}
    if "ids__cifar10-test" in arrays:
        del held["order.cifar10-test"]
    np.savez(folder / "predictions.npz", **held)
    text, old = (source / "submission.toml").read_text(), file_sha256(source / "predictions.npz")
    (folder / "submission.toml").write_text(text.replace(old, file_sha256(folder / "predictions.npz")))
    return folder


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"predicted__cifar10-test": np.full(10_000, 10)}, "holds classes 0 to 9, but got 10 for image 0"),
        ({"ids__cifar10-test": np.arange(1, 10_001)}, "foreign: 10000"),
        ({"ids__cifar10-test": np.maximum(np.arange(10_000), 1)}, "double: 1"),
    ],
)
def test_wrong_predictions_leave_no_record(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(MettleError, match=message):
        score_submission(changed(tmp_path, **arrays), TASK, Options(out=tmp_path / "out"))
    assert not list((tmp_path / "out").rglob("*.json"))


def test_order_of_predictions_does_not_matter(tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(10_000)
    shuffled = {"predicted__cifar10-test": published("darc")[order], "ids__cifar10-test": order}
    entry = find_task(TASK)
    path = changed(tmp_path, **shuffled) / "predictions.npz"
    read = entry.protocol().submitted(entry, opened(), path)
    assert np.array_equal(read["cifar10-test"]["predicted"], published("darc"))


@pytest.mark.usefixtures("mirror")
def test_a_net_is_scored_from_one_shared_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path))
    torch.manual_seed(0)
    net = nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(48, 10))
    record = evaluate(net, TASK)
    assert record.run.pixels_sha256 is not None
    assert 0.05 < record.result.scores["group_balanced_accuracy"].value < 0.2
    cell = record.result.cells["group:background/blue"]
    assert cell["expected_calibration_error"] > cell["expected_calibration_error_floor"] > 0
    assert "calibration_excess" in record.result.scores
    entry = find_task(TASK)
    split = opened()
    identity = entry.protocol().shard_identity(entry, split, "cifar10-test@2000")
    assert set(identity) == {"pass", "images", "first"}  # the task is no part of it
    assert identity["images"] == split.images.pixels_sha256


@pytest.fixture
def own_tasks(tmp_path: Path) -> Path:
    """A tasks folder of one's own, to break."""
    for name in ("cifar10-b.v1.toml", "splits/cifar10-b.v1.json", "splits/cifar10b_background_groups.csv"):
        target = tmp_path / "tasks" / "subgroup" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SUBGROUP / name, target)
    return tmp_path / "tasks"


def rewrite(tasks: Path, old: str, new: str) -> None:
    path = tasks / "subgroup" / "splits" / "cifar10b_background_groups.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_changed_table_is_refused(own_tasks: Path) -> None:
    rewrite(own_tasks, "\n0,3,5\n", "\n0,3,4\n")
    entry = find_task(TASK, own_tasks)
    with pytest.raises(MettleError, match="the annotated groups have the sha256"):
        entry.protocol().open_split(entry)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("index,label,bg_group", "label,index,bg_group", "the columns"),
        ("\n0,3,5\n", "\n0,3,8\n", "group is 0 to 7, but got 8 in line 2"),
        ("\n0,3,5\n", "\n0,10,5\n", "label is a class 0 to 9, but got 10 in line 2"),
        ("\n0,3,5\n1,8,3\n", "\n1,8,3\n0,3,5\n", "index counts images in test order, but got 1 in line 2"),
        ("\n0,3,5\n", "\n0,3,red\n", "a table of whole numbers"),
        (",6\n", ",7\n", "every group has an image, but got none is red"),
    ],
)
def test_a_wrong_table_is_never_frozen(own_tasks: Path, old: str, new: str, message: str) -> None:
    rewrite(own_tasks, old, new)
    entry = find_task(TASK, own_tasks)
    with pytest.raises(MettleError, match=message):
        read_annotations(entry, settings_of(entry))


@pytest.mark.usefixtures("mirror")
def test_pinning_gives_the_committed_split_and_checks_labels(own_tasks: Path) -> None:
    toml = own_tasks / "subgroup" / "cifar10-b.v1.toml"
    toml.write_text(toml.read_text().replace('state = "active"', 'state = "draft"'))
    split = own_tasks / "subgroup" / "splits" / "cifar10-b.v1.json"
    committed = split.read_bytes()
    split.unlink()
    pin_task(TASK, own_tasks)
    assert split.read_bytes() == committed
    toml.write_text(toml.read_text().replace('state = "active"', 'state = "draft"'))
    rewrite(own_tasks, "\n0,3,5\n", "\n0,4,5\n")
    with pytest.raises(MettleError, match="its labels are those of cifar10 test in order"):
        pin_task(TASK, own_tasks)


def test_the_draft_without_images_scores_nothing() -> None:
    entry = find_task("subgroup/cifar100-b")
    assert (entry.task.state, entry.task.ranked, len(entry.task.data.classes)) == ("draft", False, 100)
    with pytest.raises(MettleError, match="this task is a draft"):
        entry.protocol().open_split(entry)
