"""Training runs of one submission become one record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from small_tasks import small_task

from benchmark.check import check_submission
from benchmark.documents import Record, file_sha256, read_record
from benchmark.documents.store import read_outcomes
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission
from benchmark.paths import ROOT
from benchmark.verify import verify_record

TASK = "corruption/fashion-mnist-mc"
ARTIFACT = """
[[artifacts]]
kind = "checkpoint"
path = "{file}"
sha256 = "{sha256}"
{replicate}

[artifacts.model]
architecture = "linear"
mean = [0.286]
std = [0.353]
"""


def submission(folder: Path, names: list[str | None], *, equal: bool = False) -> Path:
    """A submission of noisy copies of the linear baseline, one a replicate."""
    source = ROOT / "submissions" / "fashion-mnist-linear"
    target = folder / "submissions" / "three-runs"
    target.mkdir(parents=True)
    head = (source / "submission.toml").read_text().split("[[artifacts]]")[0].replace(source.name, target.name)
    weights = safetensors.torch.load_file(source / "weights.safetensors")
    for number, name in enumerate(names):
        torch.manual_seed(0 if equal else number)
        noisy = {key: value + 0.02 * torch.randn_like(value) for key, value in weights.items()}
        file = target / f"run{number}.safetensors"
        safetensors.torch.save_file(noisy, file)
        given = f'replicate = "{name}"' if name else ""
        head += ARTIFACT.format(file=file.name, sha256=file_sha256(file), replicate=given)
    (target / "submission.toml").write_text(head)
    return target


@pytest.fixture(scope="module")
def tasks_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_task(tmp_path_factory.mktemp("small") / "tasks", 200, corruptions=["brightness", "fog"], severities=2)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))


def test_three_runs_are_one_record(tasks_dir: Path, tmp_path: Path) -> None:
    folder = submission(tmp_path, ["seed 1", "seed 2", "seed 3"])
    (path,) = score_submission(folder, TASK, Options(out=tmp_path, tasks_dir=tasks_dir, workers=2))
    record: Record = read_record(path)
    result = record.result
    assert [artifact.replicate for artifact in result.artifacts] == ["seed 1", "seed 2", "seed 3"]
    runs = [result.replicates[f"seed {number}"]["mean_accuracy"] for number in (1, 2, 3)]
    assert len(set(runs)) == 3
    score = result.scores["mean_accuracy"]
    assert score.value == pytest.approx(np.mean(runs), abs=1e-9)
    assert score.covers == "both"
    primary = read_outcomes(path, record)["primary"] / result.outcomes["primary"].scale
    assert primary.mean() == pytest.approx(score.value, abs=1e-9)
    assert result.cost is not None
    assert result.cost.weight_bytes == sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    again = score_submission(folder, TASK, Options(out=tmp_path, tasks_dir=tasks_dir, workers=1, fresh=True))
    assert again == [path]


def test_replicates_are_named_and_differ(tasks_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(MettleError, match="each with a name of its own, but got seed 1, \\(unnamed\\)"):
        check_submission(submission(tmp_path / "a", ["seed 1", None]), TASK, tasks_dir)
    with pytest.raises(MettleError, match="replicates are different files; seed 1 and seed 2 have one sha256"):
        check_submission(submission(tmp_path / "b", ["seed 1", "seed 2"], equal=True), TASK, tasks_dir)


@pytest.mark.parametrize(
    ("detector", "message"),
    [
        ('name = "knm"', "got 'knm'. Nearest: knn"),
        ('name = "knn"\nparameters = { neighbours = 5.0 }', "knn"),
        ('name = "knn"\nparameters = { k = 0.0 }', "knn"),
    ],
)
def test_a_detector_that_does_not_exist_is_refused_before_any_pass(tmp_path: Path, detector: str, message: str) -> None:
    folder = submission(tmp_path, ["seed 1"])
    text = (folder / "submission.toml").read_text()
    (folder / "submission.toml").write_text(
        text.replace("[[artifacts]]", f"[detector]\n{detector}\n\n[[artifacts]]", 1)
    )
    with pytest.raises(MettleError, match=message) as error:
        check_submission(folder, "ood/fashion-mnist-far")
    assert "\n" not in str(error.value)


def test_verify_wants_the_artifacts_of_the_record(tmp_path: Path) -> None:
    (tmp_path / "submissions").mkdir()
    source = ROOT / "submissions" / "fashion-mnist-linear"
    record = min(source.glob("records/corruption/fashion-mnist-mc/v1/*.json"))
    folder = submission(tmp_path / "changed", ["seed 1", "seed 2"])
    target = folder / record.relative_to(source)
    target.parent.mkdir(parents=True)
    for file in (record, record.with_suffix(".npz")):
        (target.parent / file.name).write_bytes(file.read_bytes())
    with pytest.raises(MettleError, match="its submission lists the artifacts of the record, but got not"):
        verify_record(target, workers=1, batch_size=250, device="cpu", progress=lambda *_: None)
