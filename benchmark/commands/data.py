"""`mettle data`: the images the tasks are made of."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from benchmark.commands.terminal import TasksDir, console

data = typer.Typer(help="Get and inspect the images the tasks are made of.", no_args_is_help=True)


@data.command("status")
def data_status() -> None:
    """Show which data sets are on this machine, where they come from, and what else this machine has."""
    from benchmark import provenance
    from benchmark.data import status

    table = Table("data set", "part", "here", "from", box=None, header_style="bold")
    for part in status():
        table.add_row(part.name, part.part, "yes" if part.ready else "no", part.source or part.problem)
    console.print(table)
    console.print(f"{provenance.machine()}; " + ", ".join(f"{k} {v}" for k, v in provenance.versions().items()))


@data.command("fetch")
def data_fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets; default: what the sandbox tasks need.")] = None,
) -> None:
    """Get data sets the best way this machine allows, and say which way worked."""
    from benchmark.data import fetch

    for name in names or ["fashion-mnist"]:
        fetched = fetch(name)
        for reason in fetched.failed:
            console.print(f"{name}: not by {reason}", highlight=False, soft_wrap=True)
        console.print(f"{name}: {fetched.way}", highlight=False, soft_wrap=True)


@data.command("pin")
def data_pin(
    task: Annotated[str, typer.Argument(help="A draft task whose official files are on this machine.")],
    tasks_dir: TasksDir = None,
) -> None:
    """Pin the official files of a draft task by hash, which makes it active. For maintainers."""
    from benchmark.pin import pin_task
    from benchmark.task_registry import TASKS_DIR

    for path in pin_task(task, tasks_dir or TASKS_DIR):
        console.print(f"Wrote {path}", highlight=False, soft_wrap=True)
