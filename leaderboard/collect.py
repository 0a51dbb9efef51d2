"""Folders to checked entries: every file is read before a page is written, and one bad file stops the build.

A submission that is still being filled in, and has no record, does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmark.documents import Record, ReportedResults, Submission, Task, read, read_submission, read_task
from benchmark.documents.store import find_attestations, find_records
from benchmark.errors import MettleError
from leaderboard.attested import Statements, statements
from leaderboard.entry import Entry
from leaderboard.outcomes import averaged_score, primary_outcomes

TaskKey = tuple[str, int]


@dataclass(frozen=True)
class Collection:
    """All documents of a board, checked against each other."""

    tasks: dict[TaskKey, Task]
    """By id and version, in that order."""
    submissions: dict[str, Submission]
    """By name, in that order."""
    folders: dict[str, Path]
    """Of each submission, by its name."""
    entries: dict[TaskKey, list[Entry]]
    reported: list[ReportedResults]
    ignored_attestations: int
    """In local folders: whoever builds a site cannot attest their own runs."""
    skipped: tuple[str, ...]
    """What is wrong with each submission that is left out: it has no record, and nothing of it would be shown."""


@dataclass(frozen=True)
class _Found:
    root: Path
    path: Path
    record: Record
    local: bool


def collect(roots: Iterable[Path], tasks_dir: Path, reported_dir: Path) -> Collection:
    """Read and check everything below the folders.

    roots: submissions folders, the repository's own first; records in the others were made on this machine. Raises
    MettleError for the first file that is unreadable or contradicts another one; an invalid submission without any
    record is skipped.
    """
    folders = list(dict.fromkeys(root.resolve() for root in roots))
    tasks = _tasks(tasks_dir)
    submission_folders = _submission_folders(folders)
    submissions, skipped = _submissions(submission_folders, folders)
    found: dict[str, _Found] = {}
    repeated: set[str] = set()
    for index, root in enumerate(folders):
        _refuse_strays(root)
        for path, record in find_records(root):
            if record.id in found:
                repeated.add(record.id)
            else:
                found[record.id] = _Found(root, path, record, local=index > 0)
    for item in found.values():
        _check_task(item, tasks)
        if item.record.result.submission not in submissions:
            raise MettleError(item.path, "a record lies in the folder of a submission", "no submission.toml")
    said = statements(
        find_attestations(folders[0]) if folders else (),
        {item.record.id: item.record for item in found.values() if not item.local},
        submissions,
    )
    entries: dict[TaskKey, list[Entry]] = {key: [] for key in tasks}
    for item in found.values():
        task = item.record.result.task
        entries[task.id, task.version].append(_entry(item, tasks, submissions, said, item.record.id in repeated))
    for group in entries.values():
        _check_same_images(group)
    return Collection(
        tasks=tasks,
        submissions=submissions,
        folders={name: submission_folders[name] for name in submissions},
        entries=entries,
        reported=[read(ReportedResults, path) for path in sorted(reported_dir.glob("*.json"))],
        ignored_attestations=sum(1 for root in folders[1:] for _ in find_attestations(root)),
        skipped=skipped,
    )


def _tasks(tasks_dir: Path) -> dict[TaskKey, Task]:
    read_tasks = [read_task(path) for path in sorted(tasks_dir.glob("*/*.v*.toml"))]
    return {(task.id, task.version): task for task in sorted(read_tasks, key=lambda task: (task.id, task.version))}


def _submission_folders(folders: Iterable[Path]) -> dict[str, Path]:
    """By name; where a local folder repeats a name, the repository's document stands."""
    found: dict[str, Path] = {}
    for root in folders:
        for path in sorted(root.glob("*/submission.toml")):
            found.setdefault(path.parent.name, path.parent)
    return {name: found[name] for name in sorted(found)}


def _submissions(by_name: dict[str, Path], roots: Iterable[Path]) -> tuple[dict[str, Submission], tuple[str, ...]]:
    """Every valid submission, and what is wrong with each other one that has no record in any of the roots."""
    valid: dict[str, Submission] = {}
    skipped: list[str] = []
    for name, folder in by_name.items():
        try:
            valid[name] = read_submission(folder)
        except MettleError as error:
            if any(path for root in roots for path in (root / name).glob("records/**/*.json")):
                raise
            skipped.append(str(error))
    return valid, tuple(skipped)


def _refuse_strays(root: Path) -> None:
    """A record or attestation in the wrong place would be dropped in silence."""
    placed = {*root.glob("*/records/*/*/v*/*.json"), *root.glob("*/attestations/*.json")}
    for path in sorted({*root.glob("*/records/**/*.json"), *root.glob("*/attestations/**/*.json")} - placed):
        raise MettleError(path, "a record lies at <submission>/records/<family>/<task>/v<version>/<id>.json")


def _check_task(item: _Found, tasks: dict[TaskKey, Task]) -> None:
    """The record's task is known, active, unchanged, and takes the record's artifacts."""
    result = item.record.result
    scored = result.task
    task = tasks.get((scored.id, scored.version))
    if task is None:
        raise MettleError(item.path, "a record belongs to a task of this repository", f"{scored.id} v{scored.version}")
    if task.state == "draft":
        raise MettleError(item.path, "a draft task has no records", f"{scored.id} v{scored.version}")
    for what, theirs, ours in (
        ("definition", scored.sha256, task.scoring_sha256),
        ("split", scored.split_sha256, task.data.split_sha256),
    ):
        if theirs != ours:
            rule = f"it was scored on another {what} of {task.id} v{task.version}; ours has the sha256 {str(ours)[:12]}"
            raise MettleError(item.path, rule, theirs[:12], "Score the submission again, or restore the task's file.")
    if kinds := {artifact.kind for artifact in result.artifacts} - set(task.artifacts):
        raise MettleError(item.path, f"{task.id} takes {', '.join(task.artifacts)}", ", ".join(sorted(kinds)))
    if (needed := averaged_score(task)) not in result.scores:
        raise MettleError(item.path, f"a record of {task.id} has the score {needed!r}", "none of that name")


def _entry(
    item: _Found,
    tasks: dict[TaskKey, Task],
    submissions: dict[str, Submission],
    said: Statements,
    repeated_here: bool,
) -> Entry:
    result = item.record.result
    return Entry(
        record=item.record,
        submission=submissions[result.submission],
        path=item.path.relative_to(item.root.parents[item.local]),  # `workspace/submissions/...` of one made here
        local=item.local,
        attestations=tuple(said.about.get(item.record.id, ())) if not item.local else (),
        superseded_by=said.superseded_by.get(item.record.id),
        repeated_here=repeated_here,
        outcomes=primary_outcomes(item.path, item.record, tasks[result.task.id, result.task.version]),
    )


def _check_same_images(entries: Iterable[Entry]) -> None:
    """Rows of one table are compared image by image, so all were scored on the same ones."""
    first: Entry | None = None
    for entry in entries:
        if entry.outcomes is None:
            continue
        first = first or entry
        assert first.outcomes is not None
        ours, theirs = first.outcomes, entry.outcomes
        if theirs.count != ours.count or theirs.images != ours.images:
            rule = f"records of one task have outcomes of the same images, {'; '.join(ours.images)} in {first.path}"
            raise MettleError(entry.path, rule, "; ".join(theirs.images))
        if not ours.of_runs and theirs.values.shape != ours.values.shape:
            rule = f"records of one task have outcomes of the same {len(ours.values)} groups as {first.path}"
            raise MettleError(entry.path, rule, f"{len(theirs.values)}")
