"""A submission, or a net in memory, to records: check, score what is missing, combine, write."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import nn

from benchmark import launch
from benchmark.check import CheckedSubmission, Entry, check_submission
from benchmark.compose import Conditions, batch_flags, compose, measure_cost
from benchmark.documents import Record, ScoredArtifact
from benchmark.documents.canonical import bytes_sha256
from benchmark.documents.store import write_atomically, write_record
from benchmark.errors import MettleError
from benchmark.metrics import CONFIDENCE_EDGES
from benchmark.models.decisions import Decider
from benchmark.paths import workspace_dir
from benchmark.protocol import Arrays
from benchmark.score import Job, collect, finished_shards, open_job
from benchmark.task_registry import TASKS_DIR, find_task

Progress = Callable[[str, int, int], None]
"""Called with what is being scored, shards finished, shards in all."""


@dataclasses.dataclass(frozen=True)
class Options:
    """How a run is carried out; nothing here may change a `result`."""

    out: Path = dataclasses.field(default_factory=workspace_dir)
    """Records go to `<out>/submissions/<name>/records/`."""
    workers: int = dataclasses.field(default_factory=launch.default_workers)
    batch_size: int = 250
    device: str = "cpu"
    fresh: bool = False
    """Score every cell again instead of going on from finished ones."""
    tasks_dir: Path = TASKS_DIR


def check_device(name: str) -> None:
    """Raise MettleError where this machine has no such device, before any work."""
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise MettleError("--device", "is cpu, cuda, cuda:N or mps, as this machine has it", repr(name)) from error


def silent(what: str, finished: int, total: int) -> None:
    """A `Progress` that shows nothing."""


def score_submission(
    folder: Path, task_id: str | None = None, options: Options | None = None, progress: Progress = silent
) -> list[Path]:
    """Score a submission on one task, or on all active tasks it fits; returns the paths of its records."""
    options = options or Options()
    check_device(options.device)
    checked = check_submission(folder, task_id, options.tasks_dir)
    paths = []
    for entry in checked.entries:
        record, outcomes = score_entry(checked, entry, options, progress)
        target = options.out / "submissions"
        paths.append(write_record(target, record, outcomes))
        source = (checked.folder / "submission.toml").read_bytes()
        copy = target / checked.submission.name / "submission.toml"
        if not copy.exists() or copy.read_bytes() != source:
            write_atomically(copy, source)  # the board shows a record beside who submitted it
    return paths


def score_entry(
    checked: CheckedSubmission, entry: Entry, options: Options, progress: Progress = silent
) -> tuple[Record, dict[str, np.ndarray]]:
    """The record of one artifact on one task, and the arrays to be stored beside it."""
    task = entry.task.task
    threads = max(1, launch.available_cores() // options.workers)
    conditions = Conditions(options.device, threads, options.workers, options.batch_size)
    with tempfile.TemporaryDirectory(prefix="mettle-fresh-") as fresh:
        job = Job(
            task=f"{task.id}.v{task.version}",
            artifact=entry.artifact,
            file=entry.file,
            tasks_dir=options.tasks_dir,
            shards_dir=Path(fresh) if options.fresh else None,
            batch_size=options.batch_size,
            threads=threads,
            device=options.device,
        )
        opened = open_job(job)
        protocol = opened.entry.protocol()
        groups = protocol.shard_groups(opened.entry)
        what, total, finished = f"{checked.submission.name} on {task.id}", sum(map(len, groups)), 0
        progress(what, 0, total)

        def on_shard(_: str) -> None:
            nonlocal finished
            finished += 1
            progress(what, finished, total)

        earlier = finished_shards(job, groups)
        launch.run(job, groups, options.workers, on_shard)
        scored = protocol.combine(opened.entry, opened.split, collect(job, groups))

    resumed = [f"{earlier} of {total} shards were finished by an earlier run"] if earlier else []
    given = entry.artifact
    return compose(
        checked.submission.name,
        ScoredArtifact(kind=given.kind, sha256=given.sha256, replicate=given.replicate, model=given.model),
        opened.entry,
        opened.split,
        scored,
        measure_cost(opened.model.module, opened.entry, entry.file.stat().st_size),
        batch_flags(opened.model.module, opened.split),
        conditions,
        [*opened.model.stripped, *resumed],
    )


def evaluate(
    model: nn.Module | Path | str, task_id: str, *, name: str = "in-memory", options: Options | None = None
) -> Record:
    """The record of a submission folder, or of a net in memory, on one task; it is not written anywhere.

    model: a path to a submission, or a torch module that maps float images in [0, 1], (N, C, H, W), to logits
    (N, classes), normalization included. A net in memory is scored in this process, from the first cell on.
    """
    options = options or Options()
    check_device(options.device)
    if not isinstance(model, nn.Module):
        checked = check_submission(Path(model), task_id, options.tasks_dir)
        return score_entry(checked, checked.entries[0], options)[0]
    entry = find_task(task_id, options.tasks_dir)
    protocol = entry.protocol()
    conditions = Conditions(options.device, torch.get_num_threads(), 1, options.batch_size)
    split = protocol.open_split(entry)
    decider = Decider(model, CONFIDENCE_EDGES, options.batch_size, torch.device(options.device))
    shards: dict[str, Arrays] = {}
    for group in protocol.shard_groups(entry):
        shards |= dict(protocol.score_shards(entry, split, decider, group))
    weights = safetensors.torch.save({key: value.contiguous() for key, value in model.state_dict().items()})
    artifact = ScoredArtifact(kind="checkpoint", sha256=bytes_sha256(weights))
    cost, flags = measure_cost(model, entry, len(weights)), batch_flags(model, split)
    scored = protocol.combine(entry, split, shards)
    return compose(name, artifact, entry, split, scored, cost, flags, conditions, [])[0]
