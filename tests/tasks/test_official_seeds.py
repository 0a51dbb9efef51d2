"""A set scored with seeds drawn from a salt: anyone repeats its record, and who has the salt attests it."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.documents import Attestation, read, read_record
from benchmark.effort import Effort, are_development
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission, silent
from benchmark.verify import Verdict, verify_record
from tests.tasks.small_distillation import real_images, small_distillation, submission

TASK = "distillation/fashion-mnist-ipc1"
SALT = "a salt of the maintainers"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small task and a submission of ten images."""
    folder = tmp_path_factory.mktemp("official")
    images, labels = real_images()
    submission(folder / "submissions" / "ten-images", images=images, labels=labels)
    small_distillation(folder / "tasks")
    return folder


@pytest.fixture(autouse=True)
def own_cache(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(root / "cache"))


def score(root: Path, salt: str) -> Path:
    options = Options(out=root, workers=1, tasks_dir=root / "tasks", effort=Effort("quick", salt))
    (path,) = score_submission(root / "submissions" / "ten-images", TASK, options)
    return path


def verify(root: Path, path: Path) -> Verdict:
    return verify_record(path, 1, 250, "cpu", silent, root / "tasks", root / "submissions")


def test_drawn_seeds_are_repeated_without_the_salt(root: Path) -> None:
    path = score(root, SALT)
    assert not are_development(read_record(path).result.training_seeds)
    verdict = verify(root, path)
    assert verdict.equal, verdict.lines
    with pytest.raises(MettleError, match="no --salt-file to draw them again"):
        verdict.attest("us", "measured")
    assert read(Attestation, verdict.attest("us", "measured", SALT)).record == verdict.record.id


def test_a_record_in_a_workspace_is_verified_with_the_files_of_its_submission(root: Path) -> None:
    options = Options(out=root / "workspace", workers=1, tasks_dir=root / "tasks", effort=Effort("quick"))
    (path,) = score_submission(root / "submissions" / "ten-images", TASK, options)
    assert path.is_relative_to(root / "workspace")
    run = read_record(path).run
    assert (run.threads, any(note.startswith("Left out") for note in run.notes)) == (1, True)
    verdict = verify(root, path)
    assert (verdict.equal, verdict.submissions) == (True, root / "workspace" / "submissions")


def test_development_seeds_are_repeated_and_not_measured(root: Path) -> None:
    path = score(root, "")
    assert are_development(read_record(path).result.training_seeds)
    for device, rule in (("meta", "nets on a submitted set .* on the CPU"), ("telepathy", "is cpu, cuda, .*")):
        with pytest.raises(MettleError, match=f"--device: {rule}, but got '{device}'"):
            verify_record(path, 1, 250, device, silent, root / "tasks")
    verdict = verify(root, path)
    assert verdict.equal, verdict.lines
    with pytest.raises(MettleError, match="the development seeds"):
        verdict.attest("us", "measured", SALT)
    written = verdict.attest("others", "reproduced")
    assert read(Attestation, written).kind == "reproduced"
    assert [path for path in written.parent.iterdir() if verdict.record.id[:12] in path.name] == [written]
