"""Everything that can be said about a submission before it is scored: is it valid, and which tasks does it fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.artifacts import local_file
from benchmark.documents import Artifact, Submission, read_submission
from benchmark.errors import MettleError
from benchmark.task_registry import TASKS_DIR, TaskEntry, all_tasks, find_task


@dataclass(frozen=True)
class Entry:
    """One artifact, its verified file, and one task it will be scored on."""

    artifact: Artifact
    file: Path
    task: TaskEntry


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
    wanted = find_task(task_id, tasks_dir) if task_id else None
    for claimed in submission.declares.claims:
        find_task(claimed, tasks_dir)
    entries = []
    for artifact in submission.artifacts:
        tasks = _tasks_for(artifact, wanted, tasks_dir)
        if tasks:
            file = local_file(artifact, folder)
            entries += [Entry(artifact, file, task) for task in tasks]
    if not entries:
        reasons = (
            "; ".join(_misfit(artifact, wanted) for artifact in submission.artifacts)
            if wanted
            else "no active task fits"
        )
        what = wanted.task.id if wanted else "any task"
        raise MettleError(
            submission.name, f"nothing in it can be scored on {what}", reasons, "`mettle tasks` lists them."
        )
    return CheckedSubmission(submission, folder, entries)


def _tasks_for(artifact: Artifact, wanted: TaskEntry | None, tasks_dir: Path) -> list[TaskEntry]:
    if artifact.task is not None:
        own = find_task(artifact.task, tasks_dir)
        if reason := _misfit(artifact, own):
            raise MettleError(
                artifact.sha256[:12], f"this artifact names {artifact.task}", reason, "Mend submission.toml."
            )
        return [own] if wanted is None or own.task == wanted.task else []
    if wanted is not None:
        return [] if _misfit(artifact, wanted) else [wanted]
    newest = {entry.task.id: entry for entry in all_tasks(tasks_dir) if entry.task.state == "active"}
    return [entry for entry in newest.values() if not _misfit(artifact, entry)]


def _misfit(artifact: Artifact, entry: TaskEntry) -> str:
    """Why an artifact cannot be scored on a task; empty where it can, as far as the submission says."""
    data, spec = entry.task.data, artifact.model
    if artifact.kind not in entry.task.artifacts:
        return f"{entry.task.id} takes {' or '.join(entry.task.artifacts)}, not {artifact.kind}"
    if spec is None:
        return ""
    if spec.classes is not None and spec.classes != data.classes:
        if sorted(spec.classes) == sorted(data.classes):
            return f"the classes are those of {entry.task.id} in another order; its order is {', '.join(data.classes)}"
        return f"{len(spec.classes)} classes that are not those of {entry.task.id}"
    repeated = spec.in_channels == 3 and data.channels == 1  # grey images are repeated on three channels
    if spec.in_channels is not None and spec.in_channels != data.channels and not repeated:
        return f"in_channels is {spec.in_channels}, and {entry.task.id} has {data.channels}"
    size = spec.resize or data.image_size
    if spec.image_size is not None and spec.image_size != size:
        return f"image_size is {spec.image_size}, and {entry.task.id} gives {size} (declare `resize` to change it)"
    return ""
