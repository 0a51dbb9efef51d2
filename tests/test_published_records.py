"""Records that maintainers scored: the newest of a row is published, attested, and replaces the standing one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.documents import Record
from benchmark.documents.store import find_attestations, find_records, read_outcomes, standing_records, write_record
from benchmark.errors import MettleError
from scripts.publish_records import publish_records
from tests.documents.builders import record, run
from tests.tasks.small_distillation import submission

TODAY = date(2026, 11, 23)
CLEAN = {"commit": "0123abcd", "dirty": False}


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    """A folder with one baseline, not scored yet."""
    folder = submission(
        tmp_path / "submissions" / "demo", images=np.zeros((10, 28, 28, 1), np.uint8), labels=np.arange(10)
    )
    document = folder / "submission.toml"
    document.write_text("baseline = true\n" + document.read_text())
    return folder.parent


def scored(out: Path, right: int, *, day: int = 1, revision: dict[str, Any] = CLEAN, **changes: Any) -> Record:
    """A record with so many of ten images right, written below `out` as scoring does."""
    made, outcomes = record("demo", np.array([1] * right + [0] * (10 - right), np.uint16), **changes)
    when = run(started=f"2026-11-{day:02}T00:00:00+00:00", revision=revision, machine="theirs")
    made = Record.of(made.result.model_dump(), when)
    write_record(out / "submissions", made, outcomes)
    return made


def test_the_newest_record_of_a_row_is_measured_and_replaces_the_standing_one(
    submissions: Path, tmp_path: Path
) -> None:
    first = scored(tmp_path / "first", 5)
    publish_records(tmp_path / "first", submissions, TODAY, "unused")
    (said,) = [statement for _, statement in find_attestations(submissions)]
    assert (said.kind, said.record, said.by, said.machine) == ("measured", first.id, "Mettle maintainers", "theirs")
    assert said.revision is not None
    assert said.revision.model_dump() == CLEAN

    scored(tmp_path / "again", 6, day=2)
    newest = scored(tmp_path / "again", 7, day=3)
    (path,) = publish_records(tmp_path / "again", submissions, TODAY, "With the canary.")
    assert [one.id for _, one in standing_records(submissions)] == [newest.id] == [path.stem]
    assert {one.id for _, one in find_records(submissions)} == {first.id, newest.id}
    replaced = [said for _, said in find_attestations(submissions) if said.kind == "supersedes"]
    assert [(said.record, said.supersedes, said.reason) for said in replaced] == [
        (newest.id, first.id, "With the canary.")
    ]


def test_an_equal_record_replaces_nothing_and_other_rows_stand(submissions: Path, tmp_path: Path) -> None:
    first = scored(tmp_path / "first", 5)
    publish_records(tmp_path / "first", submissions, TODAY, "unused")
    assert scored(tmp_path / "again", 5, day=2).id == first.id
    task = first.result.task.model_copy(update={"id": "corruption/fashion-mnist-c"})
    other = scored(tmp_path / "again", 6, day=2, task=task.model_dump())
    publish_records(tmp_path / "again", submissions, TODAY, "unused")
    assert {one.id for _, one in standing_records(submissions)} == {first.id, other.id}
    said = [(statement.kind, statement.record) for _, statement in find_attestations(submissions)]
    assert sorted(said) == sorted([("measured", first.id), ("measured", other.id)])


def test_old_results_do_not_come_back(submissions: Path, tmp_path: Path) -> None:
    scored(tmp_path / "first", 5, day=2)
    newest = scored(tmp_path / "again", 6, day=3)
    scored(tmp_path / "oldest", 7, day=1)
    for out in ("first", "again", "first"):
        publish_records(tmp_path / out, submissions, TODAY, "unused")
    assert [one.id for _, one in standing_records(submissions)] == [newest.id]
    with pytest.raises(
        MettleError, match=rf"is newer than the record it replaces, but got older than {newest.id[:12]}"
    ):
        publish_records(tmp_path / "oldest", submissions, TODAY, "unused")


def test_a_run_that_was_stopped_is_finished_by_the_next(
    submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(tmp_path / "first", 5)
    publish_records(tmp_path / "first", submissions, TODAY, "unused")
    newest = scored(tmp_path / "again", 6, day=2)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scripts.publish_records.write_attestation", stop)
    with pytest.raises(KeyboardInterrupt):
        publish_records(tmp_path / "again", submissions, TODAY, "unused")
    monkeypatch.undo()
    publish_records(tmp_path / "again", submissions, TODAY, "unused")
    assert [one.id for _, one in standing_records(submissions)] == [newest.id]
    said = [statement.kind for _, statement in find_attestations(submissions) if statement.record == newest.id]
    assert sorted(said) == ["measured", "supersedes"]


def test_every_standing_record_of_the_row_is_replaced(submissions: Path, tmp_path: Path) -> None:
    for right, day in ((5, 1), (6, 2)):
        made = scored(tmp_path / "twice", right, day=day)
        (path,) = (path for path, record in find_records(tmp_path / "twice" / "submissions") if record.id == made.id)
        write_record(submissions, made, read_outcomes(path, made))
    newest = scored(tmp_path / "again", 7, day=3)
    publish_records(tmp_path / "again", submissions, TODAY, "unused")
    assert [one.id for _, one in standing_records(submissions)] == [newest.id]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"tier": "quick"}, r"only records of the standard tier are published, but got quick\. Score without --quick"),
        ({"revision": {"commit": "0123abcd", "dirty": True}}, r"scored by committed code, but got uncommitted changes"),
        ({"revision": {"commit": None, "dirty": None}}, r"scored by committed code, but got no known revision"),
    ],
)
def test_what_may_not_be_published_is_named_before_anything_is_written(
    submissions: Path, tmp_path: Path, change: dict[str, Any], rule: str
) -> None:
    scored(tmp_path / "out", 5)
    scored(tmp_path / "out", 6, day=2, **change)
    with pytest.raises(MettleError, match=rule):
        publish_records(tmp_path / "out", submissions, TODAY, "unused")
    assert list(find_records(submissions)) == []


def test_sets_of_others_are_measured_with_seeds_of_the_salt(submissions: Path, tmp_path: Path) -> None:
    document = submissions / "demo" / "submission.toml"
    document.write_text(document.read_text().replace("baseline = true", "baseline = false"))
    scored(tmp_path / "out", 5)
    with pytest.raises(
        MettleError, match=r"published records are of baselines, but got demo\. Score it with --salt-file"
    ):
        publish_records(tmp_path / "out", submissions, TODAY, "unused")
    with pytest.raises(MettleError, match=r"holds records .* got none\. Name what `mettle score --out` was given"):
        publish_records(tmp_path / "empty", submissions, TODAY, "unused")
