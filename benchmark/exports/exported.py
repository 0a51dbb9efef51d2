"""A record with what lies around it: its submission, its task, and what was said about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.documents import Attestation, Metric, Record, Submission, Task, read, read_record, read_submission
from benchmark.paths import ROOT
from benchmark.task_registry import TASKS_DIR, find_task

SUBMISSION_ABOVE = 4
"""Folders between a record and its submission: records/<family>/<task>/v<version>/."""


@dataclass(frozen=True)
class Exported:
    """What an export of a record may tell."""

    record: Record
    task: Task
    submission: Submission | None
    """None for a local record whose submission is not at hand."""
    attested: frozenset[str]
    """Kinds of the statements about the record: `measured`, `void` and so on."""

    @property
    def metrics(self) -> list[Metric]:
        """The metrics of the task that the record has a score for, the primary one first."""
        return [metric for metric in (self.task.primary, *self.task.also) if metric.name in self.record.result.scores]

    @property
    def task_name(self) -> str:
        return f"{self.task.id}.v{self.task.version}"


def read_exported(path: Path, tasks_dir: Path = TASKS_DIR, submissions: Path = ROOT / "submissions") -> Exported:
    """The record at `path` and its surroundings; a local record's submission is looked for in the repository too.

    Raises MettleError for a record that cannot be read and for one of an unknown task.
    """
    record = read_record(path)
    scored = record.result.task
    folders = [path.parents[SUBMISSION_ABOVE], submissions / record.result.submission]
    folder = next((folder for folder in folders if (folder / "submission.toml").is_file()), None)
    found = (read(Attestation, said) for said in sorted(folder.glob("attestations/*.json"))) if folder else ()
    return Exported(
        record=record,
        task=find_task(f"{scored.id}.v{scored.version}", tasks_dir).task,
        submission=read_submission(folder) if folder else None,
        attested=frozenset(said.kind for said in found if said.record == record.id),
    )
