"""Publishes baselines' records that maintainers scored: attested as measured, in the place of older ones.

python -m scripts.publish_records OUT [--reason "Why it was scored again."]

OUT is what `mettle score --out` was given, in a checkout without uncommitted changes. The newest record of each
submission and task version is taken, unless another has replaced it. A standing record that it replaces stays, and is
said to be superseded. Stopped between two files, it is run again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from benchmark.documents import Attestation, Record, read_submission
from benchmark.documents.store import (
    find_attestations,
    find_records,
    read_outcomes,
    standing_records,
    write_attestation,
    write_record,
)
from benchmark.errors import MettleError
from benchmark.paths import ROOT

BY = "Mettle maintainers"
Row = tuple[str, str, int]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the folder records were written to")
    parser.add_argument("--reason", default="Scored again.", help="why, where a record replaces an older one")
    wanted = parser.parse_args()
    try:
        for path in publish_records(wanted.out, ROOT / "submissions", datetime.now(UTC).date(), wanted.reason):
            print(path)
    except MettleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def publish_records(out: Path, submissions: Path, today: date, reason: str) -> list[Path]:
    """Write the newest record of each submission and task version of `out` below `submissions`; gives their paths.

    Raises MettleError, before anything is written, where there is no record, one may not be published, or a newer one
    stands in its place.
    """
    newest: dict[Row, tuple[Path, Record]] = {}
    for path, record in find_records(out / "submissions"):
        _check(path, record, submissions)
        if _row(record) not in newest or newest[_row(record)][1].run.started < record.run.started:
            newest[_row(record)] = path, record
    if not newest:
        raise MettleError(out, "holds records below submissions/", "none", "Name what `mettle score --out` was given.")
    published = {record.id for _, record in find_records(submissions)}
    standing = {record.id: record for _, record in standing_records(submissions)}
    found = []
    for path, record in newest.values():
        if record.id in published - standing.keys():  # an old result would stand for the newer one that replaced it
            continue
        replaced = [one for one in standing.values() if _row(one) == _row(record) and one.id != record.id]
        if newer := [one.id for one in replaced if one.run.started > record.run.started]:
            raise MettleError(path, "is newer than the record it replaces", f"older than {newer[0][:12]}")
        found.append((record, read_outcomes(path, record), [one.id for one in replaced]))
    measured = {said.record for _, said in find_attestations(submissions) if said.kind == "measured"}
    written = []
    for record, outcomes, older in found:
        written.append(write_record(submissions, record, outcomes))
        for statement in _statements(record, older, today, reason):
            if statement.kind != "measured" or record.id not in measured:
                write_attestation(submissions, record.result.submission, statement)
    return written


def _row(record: Record) -> Row:
    return record.result.submission, record.result.task.id, record.result.task.version


def _check(path: Path, record: Record, submissions: Path) -> None:
    if record.result.tier != "standard":
        rule = "only records of the standard tier are published"
        raise MettleError(path, rule, record.result.tier, "Score without --quick and --fast.")
    if record.run.revision.dirty is not False:
        rule = "a published record is scored by committed code"
        found = "uncommitted changes" if record.run.revision.dirty else "no known revision"
        raise MettleError(path, rule, found, "Score in a clean clone.")
    if not read_submission(submissions / record.result.submission).baseline:
        fix = "Score it with --salt-file and attest it with `mettle verify`, see CONTRIBUTING.md."
        raise MettleError(path, "published records are of baselines", record.result.submission, fix)


def _statements(record: Record, replaced: Sequence[str], today: date, reason: str) -> Iterator[Attestation]:
    """That maintainers measured the record, and that it replaces these."""
    own = {"schema_version": 1, "record": record.id, "by": BY, "date": today.isoformat()}
    run = {"machine": record.run.machine, "revision": record.run.revision.model_dump()}
    yield Attestation.model_validate(own | run | {"kind": "measured"})
    for older in replaced:
        yield Attestation.model_validate(own | {"kind": "supersedes", "supersedes": older, "reason": reason})


if __name__ == "__main__":
    sys.exit(main())
