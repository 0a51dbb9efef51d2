"""Scoring a submission, and scoring what is committed again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.terminal import BatchSize, Device, Out, TasksDir, Workers, console, errors
from benchmark.errors import MettleError
from benchmark.paths import workspace_dir


def score(
    submission: Annotated[Path, typer.Argument(help="A submission's folder.")],
    task: Annotated[str, typer.Option(help="Only this task; default: all active tasks it fits.")] = "",
    out: Out = None,
    workers: Workers = 0,
    batch_size: BatchSize = 250,
    device: Device = "cpu",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Score every cell again, also those already finished.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Of submitted sets: few nets, few steps; to iterate, never ranked.")
    ] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Of submitted sets: train in bfloat16; never ranked.")] = False,
    salt_file: Annotated[
        Path | None, typer.Option(help="Maintainers: draw the seeds of trainings from the text in this file.")
    ] = None,
    tasks_dir: TasksDir = None,
) -> None:
    """Score a submission and write its records.

    Ctrl-C loses nothing: finished cells are kept, and the same command goes on from them.
    """
    from benchmark.documents import read_record
    from benchmark.effort import effort_of
    from benchmark.evaluation import Options, score_submission
    from benchmark.show import ScoringBar, score_lines
    from benchmark.task_registry import TASKS_DIR

    options = Options(
        out=out or workspace_dir(),
        workers=workers or None,
        batch_size=batch_size,
        device=device,
        fresh=fresh,
        tasks_dir=tasks_dir or TASKS_DIR,
        effort=effort_of(quick, fast, salt_file),
    )
    with ScoringBar(errors) as bar:
        paths = score_submission(submission, task or None, options, bar)
    for path in paths:
        for line in score_lines(read_record(path), options.tasks_dir):
            console.print(line, highlight=False)
        console.print(f"  record {path}", highlight=False, soft_wrap=True)


def verify(
    record: Annotated[Path, typer.Argument(help="A record's .json file.")],
    attest: Annotated[
        str | None, typer.Option(help="Your name: where they agree, attest it beside the record.")
    ] = None,
    kind: Annotated[
        str, typer.Option(help="Of attestation: measured, or reproduced where `mettle reproduce` made the file again.")
    ] = "measured",
    salt_file: Annotated[
        Path | None, typer.Option(help="Maintainers: the file a submitted set was scored with, to attest it measured.")
    ] = None,
    workers: Workers = 0,
    batch_size: BatchSize = 250,
    device: Device = "cpu",
) -> None:
    """Score a record's submission again, every cell, and compare the two results."""
    from benchmark.attesting import check_attestation, check_kind
    from benchmark.documents import read_record
    from benchmark.effort import read_salt
    from benchmark.show import ScoringBar
    from benchmark.verify import verify_record

    salt = read_salt(salt_file)
    if attest is not None and not attest.strip():
        raise MettleError("--attest", "is the name of who attests", repr(attest), "Write yours, or leave it out.")
    check_kind(kind)
    if attest:  # before hours of training
        check_attestation(read_record(record), record.resolve().parents[4].parent, kind, salt)
    with ScoringBar(errors) as bar:
        verdict = verify_record(record, workers or None, batch_size, device, bar)
    for line in verdict.lines:
        console.print(line, highlight=False)
    if attest and verdict.equal:
        console.print(f"Wrote {verdict.attest(attest, kind, salt)}")
    raise typer.Exit(0 if verdict.equal else 1)


def reproduce(
    baseline: Annotated[str, typer.Argument(metavar="[BASELINE]", help="A baseline; without it, list them.")] = "",
    out: Out = None,
) -> None:
    """Train a baseline again from its recipe, score it, and compare with its record."""
    from benchmark.reproduce import baselines, reproduce_baseline
    from benchmark.show import ScoringBar

    if not baseline:
        for name, what in baselines():
            console.print(f"{name:32} {what}", highlight=False)
        return
    with ScoringBar(errors) as bar:
        for line in reproduce_baseline(baseline, out or workspace_dir(), bar):
            console.print(line, highlight=False)
