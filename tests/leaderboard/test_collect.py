"""A bad document stops the build with one line that names it, unless it is a submission without records."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from synthetic import SCALE, Method, add, attest, decisions_of, make_record, text, write_submission, write_task

from benchmark.documents import Record
from benchmark.documents.store import describe_outcome, pack_outcomes, record_path, write_record
from leaderboard.build import main
from leaderboard.collect import collect

METHOD = Method("net", "Net", 0.5, 1)


class Folders:
    def __init__(self, folder: Path) -> None:
        self.tasks, self.root, self.local = folder / "tasks", folder / "submissions", folder / "workspace"
        self.reported, self.out = folder / "reported", folder / "site"
        self.reported.mkdir()
        self.task = write_task(self.tasks)
        self.record = add(self.root, self.task, METHOD)
        self.path = record_path(self.root, self.record)

    def rewrite(self, change: Callable[[dict], None], outcomes: np.ndarray | None = None) -> Path:
        """Replace the record by one with a changed result and a valid id."""
        result = self.record.result.model_dump()
        change(result)
        decisions = decisions_of(METHOD, 400) if outcomes is None else outcomes
        shutil.rmtree(self.root / "net" / "records")
        return write_record(self.root, Record.of(result, self.record.run), {"primary": decisions})

    def refusal(self, capsys: pytest.CaptureFixture[str]) -> str:
        """The one line on standard error; nothing may be written."""
        arguments = ["--out", self.out, "--tasks-dir", self.tasks, "--reported-dir", self.reported]
        code = main([*map(str, arguments), "--submissions", str(self.root), "--submissions", str(self.local)])
        captured = capsys.readouterr()
        assert code == 2
        assert not self.out.exists()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        return captured.err


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_good_folder_is_collected(folders: Folders) -> None:
    collection = collect([folders.root, folders.local], folders.tasks, folders.reported)
    (entry,) = collection.entries[folders.task.id, 1]
    assert entry.record == folders.record
    assert entry.path.as_posix().startswith("submissions/net/records/corruption/synthetic-mc/v1/")
    assert list(collection.submissions) == ["net"]


def test_the_same_folder_twice_is_one_root(folders: Folders) -> None:
    collection = collect([folders.root, folders.root / "."], folders.tasks, folders.reported)
    assert not collection.entries[folders.task.id, 1][0].repeated_here


def test_outcomes_that_disagree_with_the_score(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = folders.record.result.scores["mean_accuracy"].value + 2e-9
    folders.rewrite(lambda result: result["scores"]["mean_accuracy"].update(value=wrong, upper=1.0))
    line = folders.refusal(capsys)
    assert "mean_accuracy is the mean of its outcomes" in line


def test_outcomes_of_other_bytes(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    other = decisions_of(METHOD, 400)[::-1].copy()  # the same mean
    folders.path.with_suffix(".npz").write_bytes(pack_outcomes({"primary": other}))
    assert "'primary' has the sha256" in folders.refusal(capsys)


def test_missing_outcomes_file(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.path.with_suffix(".npz").unlink()
    assert "no such file" in folders.refusal(capsys)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full(400, 0.5), "a whole number for each image"),
        (np.zeros((20, 20), np.int16), "a whole number for each image"),
        (np.zeros(0, np.int16), "a whole number for each image"),
        (np.full(400, -1, np.int16), "are not negative"),
    ],
)
def test_outcomes_that_are_no_shares(
    folders: Folders, capsys: pytest.CaptureFixture[str], array: np.ndarray, words: str
) -> None:
    described = describe_outcome(array, scale=SCALE).model_dump()
    folders.rewrite(lambda result: result["outcomes"].update(primary=described), array)
    assert words in folders.refusal(capsys)


def test_other_number_of_images(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    add(folders.root, folders.task, Method("other", "Other", 0.1, 2), images=399)
    assert "outcomes of the same images" in folders.refusal(capsys)


def test_edited_record(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads(folders.path.read_text())
    content["result"]["scores"]["clean_accuracy"]["value"] = 0.99
    content["result"]["scores"]["clean_accuracy"]["upper"] = 0.999
    folders.path.write_text(json.dumps(content))
    assert "the id must be the sha256 of the result" in folders.refusal(capsys)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_none(folders: Folders, capsys: pytest.CaptureFixture[str], number: str) -> None:
    content = folders.path.read_text().replace('"seconds": 12.5', f'"seconds": {number}')
    folders.path.write_text(content)
    folders.refusal(capsys)


def test_future_schema_version(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.path.write_text(folders.path.read_text().replace('"schema_version": 1', '"schema_version": 2'))
    assert "Update Mettle" in folders.refusal(capsys)


def test_one_id_twice_in_one_root(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    write_submission(folders.root, Method("twin", "Twin", 0, 0))
    shutil.copytree(folders.root / "net" / "records", folders.root / "twin" / "records")
    assert "a record lies at" in folders.refusal(capsys)


def test_record_in_a_strange_place(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    strange = folders.root / "net" / "records" / "deep" / folders.path.name
    strange.parent.mkdir()
    shutil.copy(folders.path, strange)
    assert "a record lies at <submission>" in folders.refusal(capsys)


def test_unknown_task(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    (folders.tasks / "corruption" / "synthetic-mc.v1.toml").unlink()
    assert "synthetic-mc v1" in folders.refusal(capsys)


def test_unknown_version(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.rewrite(lambda result: result["task"].update(version=3))
    assert "synthetic-mc v3" in folders.refusal(capsys)


@pytest.mark.parametrize(("key", "word"), [("sha256", "definition"), ("split_sha256", "split")])
def test_scored_on_another_definition(
    folders: Folders, capsys: pytest.CaptureFixture[str], key: str, word: str
) -> None:
    folders.rewrite(lambda result: result["task"].update({key: "e" * 64}))
    line = folders.refusal(capsys)
    assert f"another {word}" in line
    assert "e" * 12 in line


def test_draft_task_with_a_record(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    write_task(folders.tasks, state=text("draft"))
    assert "a draft task has no records" in folders.refusal(capsys)


def test_artifact_the_task_does_not_take(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.rewrite(lambda result: result.update(artifacts=[{"kind": "distilled", "sha256": "a" * 64}]))
    assert "takes checkpoint, predictions, but got distilled" in folders.refusal(capsys)


def test_record_without_the_primary_score(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders.rewrite(lambda result: result["scores"].pop("mean_accuracy"))
    assert "has the score 'mean_accuracy'" in folders.refusal(capsys)


def test_record_without_a_submission(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    (folders.root / "net" / "submission.toml").unlink()
    assert "no submission.toml" in folders.refusal(capsys)


def test_script_link_in_a_submission(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    write_submission(folders.root, Method("net", "Net", 0, 0, extra='paper = "javascript:alert(1)"\n'))
    assert "a link must start with http" in folders.refusal(capsys)


@pytest.mark.parametrize("place", ["root", "local"])
def test_an_unfinished_submission_without_records_is_skipped(folders: Folders, place: str) -> None:
    root = getattr(folders, place)
    write_submission(root, Method("trial", "Trial", 0, 0, extra="unfinished = 1\n"))
    collection = collect([folders.root, folders.local], folders.tasks, folders.reported)
    assert list(collection.submissions) == list(collection.folders) == ["net"]
    (wrong,) = collection.skipped
    assert str(root / "trial" / "submission.toml") in wrong
    assert "unfinished" in wrong


def test_a_build_warns_of_a_skipped_submission_in_one_line(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    write_submission(folders.root, Method("trial", "Trial", 0, 0, extra="unfinished = 1\n"))
    folders_given = {"--out": folders.out, "--tasks-dir": folders.tasks, "--reported-dir": folders.reported}
    words = [str(word) for pair in folders_given.items() for word in pair]
    assert main([*words, "--submissions", str(folders.root)]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("warning: skipped a submission without records. ")
    assert captured.err.count("\n") == 1
    assert "1 records of 1 submissions" in captured.out


def test_an_invalid_submission_with_records_elsewhere_is_refused(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.move(folders.root / "net" / "records", folders.local / "net" / "records")
    write_submission(folders.root, Method("net", "Net", 0, 0, extra="unfinished = 1\n"))
    assert "unfinished" in folders.refusal(capsys)


@pytest.mark.parametrize("title", ["x" * 201, "bidi \u202e mark", "two\nlines"])
def test_titles_that_break_a_table(folders: Folders, capsys: pytest.CaptureFixture[str], title: str) -> None:
    write_submission(folders.root, Method("net", title, 0, 0))
    assert "title" in folders.refusal(capsys)


def test_attestation_about_nothing(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    attest(folders.root, "net", "f" * 64, "measured")
    assert "an attestation is about a record" in folders.refusal(capsys)


def test_attestation_about_another_submission(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    rival = Method("rival", "Rival", 0.1, 2)
    add(folders.root, folders.task, rival)
    attest(folders.root, "rival", folders.record.id, "void")
    assert "lies in its record's submission folder, net" in folders.refusal(capsys)


@pytest.mark.parametrize(("team", "words"), [("Rivals", "own team and method"), ("Team", "another record")])
def test_supersedes_only_ones_own(folders: Folders, capsys: pytest.CaptureFixture[str], team: str, words: str) -> None:
    newer = add(folders.root, folders.task, Method("newer", "Newer", 0.1, 2, team=team, method="net"))
    older = newer.id if words == "another record" else folders.record.id
    attest(folders.root, "newer", newer.id, "supersedes", supersedes=older)
    assert words in folders.refusal(capsys)


def test_supersedes_only_in_its_own_task_version(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    second = write_task(folders.tasks, version=2)
    newer = add(folders.root, second, Method("newer", "Newer", 0.1, 2, method="net"))
    attest(folders.root, "newer", newer.id, "supersedes", supersedes=folders.record.id)
    assert "own task version" in folders.refusal(capsys)


def test_local_records_are_checked_too(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    record, _ = make_record(folders.task, METHOD, decisions_of(METHOD, 400))
    local = record_path(folders.local, record)
    local.parent.mkdir(parents=True)
    local.write_text("{", encoding="utf-8")
    assert "cannot be read as JSON" in folders.refusal(capsys)


def test_local_record_of_a_committed_submission(folders: Folders) -> None:
    method = Method("net", "Net", 0.6, 3)
    record, outcomes = make_record(folders.task, method, decisions_of(method, 400))
    write_record(folders.local, record, outcomes)
    collection = collect([folders.root, folders.local], folders.tasks, folders.reported)
    assert [entry.local for entry in collection.entries[folders.task.id, 1]] == [False, True]
    assert collection.folders.keys() == collection.submissions.keys()
    assert all(folder == folders.root / name for name, folder in collection.folders.items())


def test_percent_primary(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    path = tmp_path / "tasks" / "corruption" / "synthetic-mc.v1.toml"
    path.write_text(path.read_text().replace('unit = "share"', 'unit = "percent"', 1))
    decisions = decisions_of(METHOD, 400)
    record, outcomes = make_record(task, METHOD, decisions)
    result = record.result.model_dump()
    result["scores"]["mean_accuracy"] = {"value": 100 * decisions.mean() / SCALE}
    write_submission(tmp_path / "submissions", METHOD)
    write_record(tmp_path / "submissions", Record.of(result, record.run), outcomes)
    collection = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path)
    assert collection.entries[task.id, 1][0].outcomes is not None
