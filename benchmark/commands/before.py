"""What one does before scoring: look at the tasks, start a submission, check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from benchmark.commands.terminal import TasksDir, console
from benchmark.paths import ROOT


def tasks(
    task_id: Annotated[str, typer.Argument(metavar="[ID]", help="Show this task in full.")] = "",
    tasks_dir: TasksDir = None,
) -> None:
    """List the tasks, or show one: what is scored, on what, and which number ranks."""
    from benchmark.task_registry import TASKS_DIR, all_tasks, find_task

    folder = tasks_dir or TASKS_DIR
    if task_id:
        from benchmark.show import task_text

        console.print(task_text(find_task(task_id, folder)))
        return
    table = Table(Column("task", no_wrap=True), "tier", "state", "ranked by", box=None, header_style="bold")
    for entry in all_tasks(folder):
        task = entry.task
        name = task.id if task.version == 1 else f"{task.id}.v{task.version}"
        table.add_row(name, task.tier, task.state, task.primary.title if task.ranked else "(not ranked)")
    console.print(table)


def init(
    name: Annotated[str, typer.Argument(help="Folder name below submissions/: a-z, 0-9 and . _ -")],
    folder: Annotated[Path, typer.Option(help="Where submissions lie.")] = ROOT / "submissions",
    task: Annotated[
        str,
        typer.Option(
            help="The task it is made for, which says of what kind it is. Without it, a checkpoint for every task that "
            "fits."
        ),
    ] = "",
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "--weights", help="Weights or data set to put into the folder; its sha256 is filled in."
        ),
    ] = None,
) -> None:
    """Start a submission: a folder with a submission.toml to fill in."""
    from benchmark.initialise import initialise
    from benchmark.task_registry import find_task

    path = initialise(folder, name, file, find_task(task).task if task else None)
    console.print(f"Wrote {path}\nFill it in, then: mettle check {path.parent}")


def check(
    submission: Annotated[Path, typer.Argument(help="A submission's folder.")],
    task: Annotated[str, typer.Option(help="Check it against this task only.")] = "",
    tasks_dir: TasksDir = None,
) -> None:
    """Say whether a submission is valid, and what it can be scored on, without scoring it."""
    from benchmark.check import check_submission
    from benchmark.score import load_model
    from benchmark.task_registry import TASKS_DIR

    checked = check_submission(submission, task or None, tasks_dir or TASKS_DIR)
    for entry in checked.entries:
        for piece in entry.pieces:
            what = f"{checked.submission.name} fits {entry.task.task.id}"
            if piece.artifact.replicate:
                what += f" ({piece.artifact.replicate})"
            if piece.artifact.kind != "checkpoint":
                entry.task.protocol().check_file(entry.task, piece.artifact, piece.file)
                console.print(f"{what}: {piece.artifact.kind} complete, hash right", highlight=False)
                continue
            model = load_model(entry.task, piece.artifact, piece.file)
            console.print(f"{what}: {model.parameters:,} parameters, hash right", highlight=False)
            for note in model.stripped:
                console.print(f"  {note}", highlight=False)
