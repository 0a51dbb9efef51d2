"""Which statements were made about which record, checked so that nobody can speak about another's record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.documents import Attestation, Record, Submission
from benchmark.errors import MettleError


@dataclass(frozen=True)
class Statements:
    about: dict[str, list[Attestation]]
    """Record id -> what was said about it, oldest first."""
    superseded_by: dict[str, Attestation]
    """Id of an older record -> the statement that another record replaces it."""


def statements(
    attestations: Iterable[tuple[Path, Attestation]],
    records: Mapping[str, Record],
    submissions: Mapping[str, Submission],
) -> Statements:
    """Sort attestations by record. `records`: by id, those of the folder the attestations come from.

    Raises MettleError for one about a record that does not exist or lies in another submission's folder, and for a
    record that supersedes itself or one of another task, team or method.
    """
    said = Statements(about={}, superseded_by={})
    for path, attestation in attestations:
        record = records.get(attestation.record)
        if record is None:
            raise MettleError(path, "an attestation is about a record of this repository", attestation.record[:12])
        if record.result.submission != path.parent.parent.name:
            owner = record.result.submission
            raise MettleError(path, f"an attestation lies in its record's submission folder, {owner}", path.parent)
        said.about.setdefault(record.id, []).append(attestation)
        if attestation.supersedes is not None:
            _check_replacement(path, record, records.get(attestation.supersedes), attestation.supersedes, submissions)
            said.superseded_by[attestation.supersedes] = attestation
    for about in said.about.values():
        about.sort(key=lambda attestation: (attestation.date, attestation.kind, attestation.by))
    return said


def _check_replacement(
    path: Path, newer: Record, older: Record | None, older_id: str, submissions: Mapping[str, Submission]
) -> None:
    if older is None or older.id == newer.id:
        raise MettleError(path, "supersedes names another record of this repository", older_id[:12])
    ours, theirs = submissions[newer.result.submission], submissions[older.result.submission]
    if (ours.team, ours.method) != (theirs.team, theirs.method):
        raise MettleError(path, "a record supersedes one of its own team and method", f"{older.result.submission}")
    if (newer.result.task.id, newer.result.task.version) != (older.result.task.id, older.result.task.version):
        raise MettleError(path, "a record supersedes one of its own task version", f"{older.result.task.id}")
