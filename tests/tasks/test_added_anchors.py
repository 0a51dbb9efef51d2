"""Anchors that come after a record: its successor is what scoring its nets again gives, and says what it replaces."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from benchmark import evaluate
from benchmark.documents import Attestation, Record, read_record
from benchmark.documents.store import find_attestations, read_outcomes, write_attestation
from benchmark.effort import Effort
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission
from benchmark.task_registry import find_task
from scripts.add_anchors import REASON, add_anchors
from tasks.distillation.anchored_records import with_anchors
from tests.tasks.small_distillation import real_images, small_distillation, submission, write_anchor

TASK = "distillation/fashion-mnist-ipc1"
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tasks, cache, submissions and the record of a set that was scored before there were anchors."""
    root = tmp_path_factory.mktemp("early")
    images, labels = real_images()
    folder = submission(root / "submissions" / "first-images", images=images, labels=labels)
    tasks_dir = small_distillation(root / "tasks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METTLE_CACHE", str(root / "cache"))
        score_submission(folder, TASK, Options(out=root, tasks_dir=tasks_dir, workers=1))
    return root


@pytest.fixture
def early(scored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(scored, tmp_path / "early")
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "early" / "cache"))
    return tmp_path / "early"


def only_record(root: Path) -> tuple[Path, Record]:
    (path,) = (root / "submissions").glob("*/records/*/*/v1/*.json")
    return path, read_record(path)


def test_a_successor_is_what_scoring_again_gives(early: Path) -> None:
    _, record = only_record(early)
    entry, mean = find_task(TASK, early / "tasks"), record.result.scores["accuracy"].value
    assert "lift" not in record.result.scores
    assert add_anchors(early / "submissions", early / "tasks", set(), TODAY) == []
    measured = {"schema_version": 1, "kind": "measured", "record": record.id, "by": "A lab", "date": "2026-11-01"}
    said = Attestation.model_validate(measured | {"machine": "theirs"})
    write_attestation(early / "submissions", "first-images", said)
    older, kept = record.id, []
    for arm, accuracies in (("random", [mean - 0.2 + net / 100 for net in range(10)]), ("whole", [0.9, 0.91])):
        write_anchor(entry, arm, accuracies)  # type: ignore[arg-type]
        (path,) = add_anchors(early / "submissions", early / "tasks", {TASK}, TODAY)
        newer = read_record(path)
        options = Options(tasks_dir=early / "tasks", workers=1)
        assert newer.id == evaluate(early / "submissions" / "first-images", TASK, options=options).id
        assert read_outcomes(path, newer).keys() == {"primary"}
        assert newer.run.started == record.run.started
        assert older[:12] in newer.run.notes[-1]
        kept.append((newer.id, older))
        older = newer.id
    assert {"lift", "recovery"} <= newer.result.scores.keys()
    assert add_anchors(early / "submissions", early / "tasks", set(), TODAY) == []
    statements = [statement for _, statement in find_attestations(early / "submissions")]
    assert {(one.record, one.supersedes) for one in statements if one.kind == "supersedes"} == set(kept)
    carried = [one for one in statements if one.kind == "measured" and one.record == newer.id]
    assert [(one.by, one.machine, one.date, one.reason) for one in carried] == [
        ("A lab", "theirs", "2026-11-23", REASON)
    ]


def test_a_run_that_was_stopped_is_finished_by_the_next(early: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, record = only_record(early)
    submissions = early / "submissions"
    measured = {"schema_version": 1, "kind": "measured", "record": record.id, "by": "A lab", "date": "2026-11-01"}
    write_attestation(submissions, "first-images", Attestation.model_validate(measured))
    write_anchor(find_task(TASK, early / "tasks"), "random", [0.3 + net / 100 for net in range(10)])

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for statements in (0, 1):  # before any of the two, and between them
        left = iter([write_attestation] * statements)
        monkeypatch.setattr("scripts.add_anchors.write_attestation", lambda *given, of=left: next(of, stop)(*given))
        with pytest.raises(KeyboardInterrupt):
            add_anchors(submissions, early / "tasks", set(), TODAY)
    monkeypatch.setattr("scripts.add_anchors.write_attestation", write_attestation)
    (path,) = add_anchors(submissions, early / "tasks", set(), TODAY)
    said = {(one.kind, one.record) for _, one in find_attestations(submissions)}
    assert said == {("measured", record.id), ("measured", path.stem), ("supersedes", path.stem)}


def test_only_nets_of_the_ranked_plan_of_this_task_are_set_against_its_anchors(early: Path) -> None:
    path, record = only_record(early)
    entry, outcomes = find_task(TASK, early / "tasks"), read_outcomes(path, record)
    write_anchor(entry, "random", [0.3 + net / 100 for net in range(10)])
    folder = early / "submissions" / "first-images"
    quick = evaluate(folder, TASK, options=Options(tasks_dir=early / "tasks", workers=1, effort=Effort("quick")))
    with pytest.raises(MettleError, match=r"only nets of the ranked plan are set against anchors, but got quick"):
        with_anchors(entry, quick, outcomes, TODAY)
    several = record.result.model_copy(update={"replicates": {"set 1": {"accuracy": 0.5}, "set 2": {"accuracy": 0.6}}})
    with pytest.raises(MettleError, match=r"is of one set, but got 2\. Score its submission again"):
        with_anchors(entry, record.model_copy(update={"result": several}), outcomes, TODAY)
    with pytest.raises(MettleError, match=r"must be of distillation/fashion-mnist-ipc1 version 1 as it stands"):
        with_anchors(find_task(TASK), record, outcomes, TODAY)
