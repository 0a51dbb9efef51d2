"""`mettle`: the command line. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from benchmark.errors import MettleError
from benchmark.paths import ROOT, workspace_dir

INTERRUPTED = 130
console = Console(markup=False)  # names and keys from files may look like markup
errors = Console(stderr=True, markup=False)

app = typer.Typer(
    help="Measure what test accuracy hides: score checkpoints on frozen tasks and build the leaderboard.\n\n"
    "First time here: `mettle tasks` shows what can be scored, `mettle init NAME` starts a submission, "
    "`mettle score submissions/NAME` scores it, `mettle leaderboard build` shows where it stands.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
data_app = typer.Typer(help="Get and inspect the images the tasks are made of.", no_args_is_help=True)
board_app = typer.Typer(help="Build the static site, or look at it.", no_args_is_help=True)
app.add_typer(data_app, name="data")
app.add_typer(board_app, name="leaderboard")

TasksDir = Annotated[
    Path | None,
    typer.Option("--tasks-dir", help="Take tasks from this folder instead of the clone's tasks/."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Where records go: OUT/submissions/NAME/records/. Default: workspace/, ignored by git."),
]
Workers = Annotated[int, typer.Option(min=0, help="Worker processes; 0 takes one per core, at most 8.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Images per forward pass. It never changes a score.")]
Site = Annotated[Path | None, typer.Option("--out", help="Folder of the site. Default: workspace/site.")]
Device = Annotated[str, typer.Option(help="Where the net runs: cpu, cuda, cuda:1, mps.")]


@app.command()
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


@app.command()
def init(
    name: Annotated[str, typer.Argument(help="Folder name below submissions/: a-z, 0-9 and . _ -")],
    folder: Annotated[Path, typer.Option(help="Where submissions lie.")] = ROOT / "submissions",
    kind: Annotated[str, typer.Option(help="Of what is submitted: checkpoint, distilled or curated.")] = "checkpoint",
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", "--weights", help="Weights or data set to put into the folder; its sha256 is filled in."
        ),
    ] = None,
) -> None:
    """Start a submission: a folder with a submission.toml to fill in."""
    from benchmark.initialise import initialise

    path = initialise(folder, name, file, kind)
    console.print(f"Wrote {path}\nFill it in, then: mettle check {path.parent}")


@app.command()
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


@app.command()
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
    from benchmark.launch import default_workers
    from benchmark.show import ScoringBar, score_lines
    from benchmark.task_registry import TASKS_DIR

    options = Options(
        out=out or workspace_dir(),
        workers=workers or default_workers(),
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


@app.command()
def verify(
    record: Annotated[Path, typer.Argument(help="A record's .json file.")],
    attest: Annotated[str, typer.Option(help="Your name: where they agree, attest it beside the record.")] = "",
    kind: Annotated[str, typer.Option(help="Of attestation: measured (maintainers) or reproduced.")] = "reproduced",
    workers: Workers = 0,
    batch_size: BatchSize = 250,
    device: Device = "cpu",
) -> None:
    """Score a record's submission again, every cell, and compare the two results."""
    from benchmark.launch import default_workers
    from benchmark.show import ScoringBar
    from benchmark.verify import verify_record

    with ScoringBar(errors) as bar:
        verdict = verify_record(record, workers or default_workers(), batch_size, device, bar)
    for line in verdict.lines:
        console.print(line, highlight=False)
    if attest and verdict.equal:
        console.print(f"Wrote {verdict.attest(attest, kind)}")
    raise typer.Exit(0 if verdict.equal else 1)


@app.command()
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


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="A .pt, .pth, .th or .npz file.")],
    target: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
    kind: Annotated[str, typer.Option(help="What it holds: checkpoint, or distilled (a distilled data set).")] = "",
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="checkpoint: unpickle the file, which can run code: only for one you made yourself."
        ),
    ] = False,
    mean: Annotated[
        str, typer.Option(help="distilled: subtracted when it was saved; 0, or one a channel: .5,.4,.3")
    ] = "",
    std: Annotated[str, typer.Option(help="distilled: divided by when it was saved; 1, or one a channel.")] = "",
    labels: Annotated[Path | None, typer.Option(help="distilled: the file of labels, where they lie apart.")] = None,
    learning_rate: Annotated[str, typer.Option(help="distilled: its own, a number or the file that holds it.")] = "",
    which: Annotated[int | None, typer.Option("--set", help="distilled: which set of several, from 0.")] = None,
    logits: Annotated[
        bool, typer.Option("--logits", help="distilled: soft labels are logits; keep their softmax.")
    ] = False,
    zca: Annotated[str | None, typer.Option(help="distilled: un-whiten (ZCA, epsilon .1) with this data set.")] = None,
    measure: Annotated[
        str | None, typer.Option(help="distilled: accuracy before and after on this task, quick.")
    ] = None,
    tasks_dir: TasksDir = None,
) -> None:
    """Turn a checkpoint that the scorer refuses to unpickle, or a published distilled set, into safetensors."""
    if kind not in ("", "checkpoint", "distilled"):
        raise MettleError("--kind", "is checkpoint or distilled", repr(kind))
    if kind != "distilled" and not (mean or std or source.suffix == ".npz"):
        from benchmark.models import convert as convert_checkpoint

        for line in convert_checkpoint(source, target, trust=trust):
            console.print(line, highlight=False)
        return
    from benchmark.convert_set import convert_set
    from benchmark.task_registry import TASKS_DIR

    if trust or kind == "checkpoint":
        raise MettleError("--trust" if trust else "--mean", "not for this kind", kind or "distilled", "Leave it out.")
    for line in convert_set(
        source, target, mean=mean, std=std, labels_file=labels, learning_rate=learning_rate, which=which, logits=logits,
        whitened_with=zca, measure_on=measure, tasks_dir=tasks_dir or TASKS_DIR,
    ):  # fmt: skip
        console.print(line, highlight=False, soft_wrap=True)


@app.command()
def export(
    source: Annotated[Path, typer.Argument(help="A record's .json file, a task's id, or a distilled set.")],
    format: Annotated[
        str,
        typer.Option(
            help="record: json, scores and cells; csv, one line a cell; parquet; every-eval-ever; eval-results, the "
            "Hugging Face Hub's. task: croissant."
        ),
    ] = "json",
    out: Annotated[
        Path | None,
        typer.Option(help="The file to write. set: a .png picture of it, or a .pt file as DC's code saves."),
    ] = None,
    hub_dataset: Annotated[str, typer.Option(help="eval-results: the benchmark's data set on the Hub.")] = "",
    mean: Annotated[str, typer.Option(help="set, .pt: of the normalization it is saved in.")] = "0",
    std: Annotated[str, typer.Option(help="set, .pt: of the normalization it is saved in.")] = "1",
) -> None:
    """Print or write a record, a task's frozen split or a distilled set, for other programs to read."""
    if source.suffix in (".safetensors", ".npz"):
        from benchmark.submitted_sets.exporting import export_set

        console.print(export_set(source, out, mean, std), highlight=False, soft_wrap=True)
        return
    from benchmark.export import export_source

    typer.echo(export_source(source, format, out, hub_dataset))


@data_app.command("status")
def data_status() -> None:
    """Show which data sets are on this machine, where they come from, and what else this machine has."""
    from benchmark import provenance
    from benchmark.data import status

    table = Table("data set", "part", "here", "from", box=None, header_style="bold")
    for part in status():
        table.add_row(part.name, part.part, "yes" if part.ready else "no", part.source or part.problem)
    console.print(table)
    console.print(f"{provenance.machine()}; " + ", ".join(f"{k} {v}" for k, v in provenance.versions().items()))


@data_app.command("fetch")
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


@data_app.command("pin")
def data_pin(
    task: Annotated[str, typer.Argument(help="A draft task whose official files are on this machine.")],
    tasks_dir: TasksDir = None,
) -> None:
    """Pin the official files of a draft task by hash, which makes it active. For maintainers."""
    from benchmark.pin import pin_task
    from benchmark.task_registry import TASKS_DIR

    for path in pin_task(task, tasks_dir or TASKS_DIR):
        console.print(f"Wrote {path}", highlight=False, soft_wrap=True)


@board_app.command("build")
def board_build(
    out: Site = None,
    url: Annotated[str, typer.Option(help="Where the site will be found, for absolute links in its feeds.")] = "",
    tasks_dir: TasksDir = None,
) -> None:
    """Build the static site from the clone's records, and from those in workspace/."""
    from benchmark.task_registry import TASKS_DIR
    from leaderboard.build import build

    site = out or workspace_dir() / "site"
    roots = [ROOT / "submissions", workspace_dir() / "submissions"]
    summary = build(site, roots, tasks_dir or TASKS_DIR, address=url)
    console.print(f"{summary}\nOpen {site / 'index.html'}", highlight=False, soft_wrap=True)


@board_app.command("serve")
def board_serve(
    out: Site = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Serve the built site on this machine only."""
    import functools
    import http.server

    site = out or workspace_dir() / "site"
    if not (site / "index.html").is_file():
        raise MettleError(site, "the site is not built yet", fix="Run `mettle leaderboard build`.")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise MettleError("--port", f"port {port} must be free", error.strerror, "Choose another.") from None
    with server:
        console.print(f"http://127.0.0.1:{port}/  (Ctrl-C ends it)")
        server.serve_forever()


def main() -> None:
    """Entry point: a MettleError is one line and exit code 2, Ctrl-C exit code 130."""
    try:
        app()
    except MettleError as error:
        errors.print(Text("error", style="bold red"), str(error), highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer turns Ctrl-C into this code
            errors.print("Interrupted. What was finished is kept: the same command goes on from there.")
        raise


if __name__ == "__main__":
    main()
