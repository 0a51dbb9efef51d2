"""CIFAR-10.1: the 30 published models score as published, and wrong files are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.check import check_submission
from benchmark.documents import Record, Submission, read_submission
from benchmark.documents.store import read_outcomes
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission
from benchmark.metrics import fit_logit_line
from benchmark.paths import ROOT
from benchmark.protocol import Candidate
from benchmark.submitted import order_sha256
from benchmark.task_registry import find_task

SUBMISSIONS = ROOT / "submissions"
PUBLISHED = sorted(path.parent.name for path in SUBMISSIONS.glob("published-*/submission.toml"))

# Accuracy on CIFAR-10, CIFAR-10.1 v4 and v6 in percent, recomputed from the published files by another program.
ACCURACIES = {
    "published-shake-shake-26-2x64d-ssi-cutout16": (97.11, 92.97, 93.10),
    "published-wrn-28-10": (95.93, 89.71, 90.15),
    "published-densenet-bc-100-12": (95.54, 87.58, 87.90),
    "published-resnet-basic-32": (92.52, 84.86, 85.20),
    "published-cudaconvnet": (88.54, 77.54, 78.20),
}


def scores(name: str, version: str) -> dict[str, float]:
    entry = find_task(f"ood/cifar10.1-{version}")
    protocol = entry.protocol()
    split = protocol.open_split(entry)
    shards = protocol.submitted(entry, split, SUBMISSIONS / name / "predictions.npz")
    scored = protocol.combine(entry, split, Candidate("predictions"), shards)
    return {key: score.value for key, score in scored.scores.items()}


@pytest.mark.parametrize("name", sorted(ACCURACIES))
def test_accuracies_are_the_published_ones(name: str) -> None:
    v4, v6 = scores(name, "v4"), scores(name, "v6")
    found = (v4["original_accuracy"], v4["shifted_accuracy"], v6["shifted_accuracy"])
    assert tuple(round(100 * value, 2) for value in found) == ACCURACIES[name]
    assert v6["gap"] == pytest.approx(v6["original_accuracy"] - v6["shifted_accuracy"])


@pytest.mark.parametrize(
    ("version", "slope", "intercept", "r_squared"), [("v6", 0.8393, -0.4715, 0.9817), ("v4", 0.8385, -0.4966, 0.9806)]
)
def test_frozen_line_is_the_fit_of_all_thirty(version: str, slope: float, intercept: float, r_squared: float) -> None:
    assert len(PUBLISHED) == 30
    found = [scores(name, version) for name in PUBLISHED]
    fit = fit_logit_line([s["original_accuracy"] for s in found], [s["shifted_accuracy"] for s in found])
    frozen = find_task(f"ood/cifar10.1-{version}").split["line"]
    for value, ours, wanted in (
        (frozen["slope"], fit.slope, slope),
        (frozen["intercept"], fit.intercept, intercept),
        (frozen["r_squared"], fit.r_squared, r_squared),
    ):
        assert value == pytest.approx(ours, abs=1e-6)
        assert value == pytest.approx(wanted, abs=1e-4)


def test_record_of_predictions(tmp_path: Path) -> None:
    from benchmark.documents import read_record

    (path,) = score_submission(SUBMISSIONS / PUBLISHED[0], "ood/cifar10.1-v6", Options(out=tmp_path))
    record: Record = read_record(path)
    assert record.result.cost is None
    assert record.run.pixels_sha256 is None
    assert read_outcomes(path, record)["primary"].mean() == pytest.approx(
        record.result.scores["shifted_accuracy"].value
    )


def test_constant_predictions_are_at_the_floor(tmp_path: Path) -> None:
    folder = changed(tmp_path, constant=3)
    (path,) = score_submission(folder, "ood/cifar10.1-v6", Options(out=tmp_path / "out"))
    from benchmark.documents import read_record

    assert read_record(path).result.scores["shifted_accuracy"].value == 0.1  # 200 of 2,000 images a class


def changed(tmp_path: Path, constant: int | None = None, **arrays: np.ndarray) -> Path:
    """A submission like the first published one, with other predictions."""
    from benchmark.documents import file_sha256

    source = SUBMISSIONS / PUBLISHED[0]
    folder = tmp_path / source.name
    folder.mkdir(parents=True)
    with np.load(source / "predictions.npz") as file:
        held = {name: file[name] for name in file.files}
    if constant is not None:
        held |= {name: np.full_like(array, constant) for name, array in held.items() if name.startswith("predicted")}
    np.savez(folder / "predictions.npz", **(held | {k.replace("__", "."): v for k, v in arrays.items()}))  # type: ignore[arg-type]
    submission: Submission = read_submission(source)
    text = (source / "submission.toml").read_text()
    digest = file_sha256(folder / "predictions.npz")
    (folder / "submission.toml").write_text(text.replace(submission.artifacts[0].sha256, digest))
    return folder


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"predicted__cifar10.1-v6": np.full(2000, 10)}, r"classes 0 to 9, but got 10 for image 0"),
        ({"order__cifar10.1-v6": np.array(order_sha256(np.arange(1999)))}, "the order of the set"),
        ({"predicted__cifar10.1-v6": np.zeros(1999, int)}, "one entry for each of 2,000 images"),
    ],
)
def test_wrong_predictions_leave_no_record(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    folder = changed(tmp_path, **arrays)
    with pytest.raises(MettleError, match=message):
        score_submission(folder, "ood/cifar10.1-v6", Options(out=tmp_path / "out"))
    assert not list((tmp_path / "out").rglob("*.json"))


def test_checkpoint_is_told_that_the_images_are_not_pinned() -> None:
    with pytest.raises(MettleError, match=r"takes predictions, not checkpoint"):
        check_submission(SUBMISSIONS / "resnet20-akamaster", "ood/cifar10.1-v6")
    entry = find_task("ood/cifar10.1-v6")
    split = entry.protocol().open_split(entry)
    with pytest.raises(MettleError, match=r"cifar10\.1-v6 are not pinned"):
        split.images("cifar10.1-v6")
