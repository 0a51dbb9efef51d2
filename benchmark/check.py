"""Everything that can be said about a submission before it is scored: is it valid, and which tasks does it fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.artifacts import local_file
from benchmark.detectors import detector_named
from benchmark.documents import Artifact, Submission, read_submission
from benchmark.documents.submission import PLACEHOLDERS
from benchmark.errors import MettleError
from benchmark.task_registry import TASKS_DIR, TaskEntry, all_tasks, find_task


@dataclass(frozen=True)
class Piece:
    """One artifact and its verified file."""

    artifact: Artifact
    file: Path


@dataclass(frozen=True)
class Entry:
    """One task, and all artifacts of the submission that are scored on it together: its replicates."""

    task: TaskEntry
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class CheckedSubmission:
    submission: Submission
    folder: Path
    entries: list[Entry]


def check_submission(folder: Path, task_id: str | None = None, tasks_dir: Path = TASKS_DIR) -> CheckedSubmission:
    """Read a submission, fetch its artifacts, check their hashes, and match them with tasks.

    folder: the submission's folder, or its submission.toml. task_id: only this task.
    Raises MettleError for anything invalid, and where no artifact fits the task or any task.
    """
    folder = folder.parent if folder.name == "submission.toml" else folder
    if not (folder / "submission.toml").is_file():
        raise MettleError(
            folder, "a submission is a folder with a submission.toml", fix="`mettle init NAME` writes one to fill in."
        )
    submission = read_submission(folder.resolve())
    for field, (placeholder, fix) in PLACEHOLDERS.items():
        if getattr(submission, field) == placeholder:
            raise MettleError(folder / "submission.toml", f"{field} is your own", repr(placeholder), fix)
    wanted = find_task(task_id, tasks_dir) if task_id else None
    if submission.detector is not None:  # before hours of passes
        detector_named(submission.detector.name).checked(submission.detector.parameters)
    for claimed in submission.declares.claims:
        find_task(claimed, tasks_dir)
    fitting: dict[tuple[str, int], list[Artifact]] = {}
    tasks: dict[tuple[str, int], TaskEntry] = {}
    for artifact in submission.artifacts:
        for task in _tasks_for(artifact, wanted, tasks_dir):
            key = (task.task.id, task.task.version)
            tasks[key] = task
            fitting.setdefault(key, []).append(artifact)
    files = {
        artifact.sha256: local_file(artifact, folder)
        for artifact in submission.artifacts
        if any(artifact in artifacts for artifacts in fitting.values())
    }
    entries = [_entry(tasks[key], artifacts, files) for key, artifacts in sorted(fitting.items())]
    if not entries:
        if wanted is None:
            fix = "`mettle tasks` lists them."
            raise MettleError(submission.name, "nothing in it can be scored on any task", "no active task fits", fix)
        reasons = "; ".join(dict.fromkeys(_refusal(artifact, wanted) for artifact in submission.artifacts))
        fix = "Mend the `task` of the artifact in submission.toml; `mettle tasks` lists them."
        raise MettleError(submission.name, f"nothing in it can be scored on {wanted.task.id}", reasons, fix)
    return CheckedSubmission(submission, folder, entries)


def _entry(task: TaskEntry, artifacts: Sequence[Artifact], files: Mapping[str, Path]) -> Entry:
    """All artifacts of one task; a checkpoint outweighs what its author computed with it."""
    if any(artifact.kind == "checkpoint" for artifact in artifacts):
        artifacts = [artifact for artifact in artifacts if artifact.kind == "checkpoint"]
    names = [artifact.replicate for artifact in artifacts]
    if len(artifacts) > 1 and (None in names or len(set(names)) < len(names)):
        raise MettleError(
            task.task.id,
            "several artifacts for one task are replicates, each with a name of its own",
            ", ".join(name or "(unnamed)" for name in names),
            'Give each `replicate`, for instance "seed 1", or name its `task`.',
        )
    wanted = task.protocol().replicates(task) if artifacts[0].kind == "checkpoint" else []
    if wanted and sorted(wanted) != sorted(name or "" for name in names):
        rule = f"it takes {len(wanted)} checkpoints, with the replicates {', '.join(wanted)}"
        raise MettleError(task.task.id, rule, ", ".join(name or "(unnamed)" for name in names))
    return Entry(task, tuple(Piece(artifact, files[artifact.sha256]) for artifact in artifacts))


def _tasks_for(artifact: Artifact, wanted: TaskEntry | None, tasks_dir: Path) -> list[TaskEntry]:
    if artifact.task is not None:
        own = find_task(artifact.task, tasks_dir)
        if reason := _misfit(artifact, own):
            fix = "Mend its `kind`, `task` or model in submission.toml."
            raise MettleError(artifact.place, f"it is not scored on the task it names: {reason}", fix=fix)
        return [own] if wanted is None or own.task == wanted.task else []
    if wanted is not None:
        return [] if _misfit(artifact, wanted) else [wanted]
    newest = {entry.task.id: entry for entry in all_tasks(tasks_dir) if entry.task.state == "active"}
    return [entry for entry in newest.values() if not _misfit(artifact, entry)]


def _refusal(artifact: Artifact, wanted: TaskEntry) -> str:
    """Why an artifact is not scored on a task that was asked for."""
    return _misfit(artifact, wanted) or f"an artifact whose task is {artifact.task}"


def _misfit(artifact: Artifact, entry: TaskEntry) -> str:
    """Why an artifact cannot be scored on a task; empty where it can, as far as the submission says."""
    data, spec = entry.task.data, artifact.model
    if artifact.kind not in entry.task.artifacts:
        return f"{entry.task.id} takes {' or '.join(entry.task.artifacts)}, not {artifact.kind}"
    if spec is None:
        return ""
    try:
        classes = entry.protocol().classes(entry, artifact)
    except MettleError as error:
        return str(error)
    if spec.classes is not None and spec.classes != classes:
        if sorted(spec.classes) == sorted(classes):
            return f"the classes are those of {entry.task.id} in another order; its order is {', '.join(classes)}"
        return f"{len(spec.classes)} classes that are not those of {entry.task.id}"
    repeated = spec.in_channels == 3 and data.channels == 1  # grey images are repeated on three channels
    if spec.in_channels is not None and spec.in_channels != data.channels and not repeated:
        return f"in_channels is {spec.in_channels}, and {entry.task.id} has {data.channels}"
    size = spec.resize or data.image_size
    if spec.image_size is not None and spec.image_size != size:
        return f"image_size is {spec.image_size}, and {entry.task.id} gives {size} (declare `resize` to change it)"
    return ""
