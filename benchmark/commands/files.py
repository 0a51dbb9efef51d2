"""Other people's files to ours, and ours to other programs'."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.terminal import TasksDir, console
from benchmark.errors import MettleError


def convert(
    source: Annotated[Path, typer.Argument(help="A .pt, .pth, .th, .npz or .safetensors file.")],
    target: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
    kind: Annotated[str, typer.Option(help="What it holds: checkpoint, or distilled (a distilled data set).")] = "",
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="checkpoint: unpickle the file, which can run code: only for one you made yourself."
        ),
    ] = False,
    mean: Annotated[
        str, typer.Option(help="distilled, needed: subtracted when it was saved; 0, or one a channel: .5,.4,.3")
    ] = "",
    std: Annotated[str, typer.Option(help="distilled, needed: divided by then; 1, or one a channel.")] = "",
    labels: Annotated[Path | None, typer.Option(help="distilled: the file of labels, where they lie apart.")] = None,
    learning_rate: Annotated[str, typer.Option(help="distilled: its own, a number or the file that holds it.")] = "",
    which: Annotated[int | None, typer.Option("--set", help="distilled: which set of several, from 0.")] = None,
    logits: Annotated[
        bool, typer.Option("--logits", help="distilled: soft labels are logits; keep their softmax.")
    ] = False,
    zca: Annotated[str | None, typer.Option(help="distilled: un-whiten (ZCA, epsilon .1) with this data set.")] = None,
    measure: Annotated[
        str,
        typer.Option(
            help="distilled: the task whose quick plan trains nets on the set before and after; unless given the "
            "smallest active task that takes it."
        ),
    ] = "",
    no_measure: Annotated[bool, typer.Option("--no-measure", help="distilled: train no nets.")] = False,
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
        whitened_with=zca, measure=not no_measure, measure_on=measure, tasks_dir=tasks_dir or TASKS_DIR,
    ):  # fmt: skip
        console.print(line, highlight=False, soft_wrap=True)


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
