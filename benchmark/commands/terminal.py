"""Where commands write, and the options that several of them have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console(markup=False)  # names and keys from files may look like markup
errors = Console(stderr=True, markup=False)

TasksDir = Annotated[
    Path | None,
    typer.Option("--tasks-dir", help="Take tasks from this folder instead of the clone's tasks/."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Where records go: OUT/submissions/NAME/records/. Default: workspace/, ignored by git."),
]
Workers = Annotated[
    int,
    typer.Option(min=0, help="Worker processes; 0: as many as finish soonest, about one per core."),
]
BatchSize = Annotated[
    int,
    typer.Option(min=1, help="Images per forward pass of a submitted net. It never changes a score."),
]
Device = Annotated[
    str,
    typer.Option(help="Where a submitted net runs: cpu, cuda, cuda:1, mps. Nets on submitted sets run on the cpu."),
]
