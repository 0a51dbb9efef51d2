"""A submission, or a net in memory, to records: check, score what is missing, combine, write."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import nn

from benchmark import launch
from benchmark.check import CheckedSubmission, Entry, check_submission
from benchmark.compose import Conditions, Measured, batch_flags, compose, measure_cost, total_cost
from benchmark.documents import Artifact, Detector, Record, ScoredArtifact, Submission
from benchmark.documents.canonical import bytes_sha256
from benchmark.documents.store import write_atomically, write_record
from benchmark.effort import STANDARD, Effort
from benchmark.errors import MettleError
from benchmark.paths import workspace_dir
from benchmark.protocol import Arrays, Candidate
from benchmark.score import Job, OpenJob, OpenTask, collect, finished_shards, net_of, open_job, open_task
from benchmark.task_registry import TASKS_DIR, find_task

Progress = Callable[[str, float, int], None]
"""Called with what is being scored, shards finished (a training counts as far as it got), shards in all."""


@dataclasses.dataclass(frozen=True)
class Options:
    """How a run is carried out; nothing here may change a `result`."""

    out: Path = dataclasses.field(default_factory=workspace_dir)
    """Records go to `<out>/submissions/<name>/records/`."""
    workers: int | None = None
    """Processes; None: as many as finish soonest."""
    batch_size: int = 250
    """Of submitted nets; those on submitted sets are judged in batches of their protocol's own."""
    device: str = "cpu"
    """Of submitted nets; nets on submitted sets run on the CPU."""
    fresh: bool = False
    """Score every cell again instead of going on from finished ones."""
    tasks_dir: Path = TASKS_DIR
    effort: Effort = STANDARD
    """Of tasks that train nets; any other than the standard one may change a `result`, which says so."""


def check_device(name: str) -> None:
    """Raise MettleError where this machine has no such device, before any work."""
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise MettleError("--device", "is cpu, cuda, cuda:N or mps, as this machine has it", repr(name)) from error


def _check_device_of_sets(name: str, entries: Sequence[Entry]) -> None:
    """Raise MettleError for another device than the CPU where a submitted set is to be scored."""
    if torch.device(name).type == "cpu":
        return
    for entry in entries:
        if entry.task.protocol().judging_batch is not None:
            rule = f"nets on a submitted set ({entry.task.task.id}) are trained and judged on the CPU"
            raise MettleError("--device", rule, repr(name), "Leave it out.")


def silent(what: str, finished: float, total: int) -> None:
    """A `Progress` that shows nothing."""


def score_submission(
    folder: Path, task_id: str | None = None, options: Options | None = None, progress: Progress = silent
) -> list[Path]:
    """Score a submission on one task, or on all active tasks it fits; returns the paths of its records."""
    options = options or Options()
    check_device(options.device)
    checked = check_submission(folder, task_id, options.tasks_dir)
    _check_device_of_sets(options.device, checked.entries)
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
    """The record of a submission on one task, all its replicates together, and the arrays to be stored beside it."""
    _check_device_of_sets(options.device, [entry])
    task, submission = entry.task.task, checked.submission
    name = f"{task.id}.v{task.version}"
    opened = open_task(name, options.tasks_dir)
    workers = options.workers or launch.default_workers(
        sum(len(_training_seeds(opened, piece.artifact, options.effort)) for piece in entry.pieces)
    )
    threads = max(1, launch.available_cores() // workers)
    batch_size = opened.protocol.judging_batch or options.batch_size
    recorded = opened.protocol.training_threads or threads
    conditions = Conditions(options.device, recorded, workers, batch_size, options.effort)
    if entry.pieces[0].artifact.kind in ("predictions", "ood-scores"):
        return _score_submitted(submission, entry, opened, conditions)
    with tempfile.TemporaryDirectory(prefix="mettle-fresh-") as fresh:
        jobs = [
            Job(
                task=name,
                artifact=piece.artifact,
                file=piece.file,
                tasks_dir=options.tasks_dir,
                shards_dir=Path(fresh) if options.fresh else None,
                batch_size=options.batch_size,
                threads=threads,
                device=options.device,
                effort=options.effort,
            )
            for piece in entry.pieces
        ]
        measured = [_measure(open_job(job), job) for job in jobs]  # also refuses what cannot be scored, before hours
        groups = [opened.protocol.groups_for(opened.entry, job.artifact, job.effort) for job in jobs]
        what, total, finished = f"{submission.name} on {task.id}", sum(len(g) for own in groups for g in own), 0.0
        progress(what, 0, total)

        def on_part(part: float) -> None:
            nonlocal finished
            finished += part
            progress(what, finished, total)

        earlier = sum(finished_shards(job, own) for job, own in zip(jobs, groups, strict=True))
        work = [(job, group) for job, own in zip(jobs, groups, strict=True) for group in own]
        launch.run(work, workers if earlier < total else 1, on_part)
        seeds = {
            job.artifact.sha256: drawn for job in jobs if (drawn := _training_seeds(opened, job.artifact, job.effort))
        }
        scored = {
            _replicate(job.artifact): opened.protocol.combine(
                opened.entry,
                opened.split,
                Candidate(
                    job.artifact.kind, job.artifact.replicate, submission.detector, job.artifact, job.file, job.effort
                ),
                collect(job, own),
            )
            for job, own in zip(jobs, groups, strict=True)
        }
    notes = list(dict.fromkeys(note for each in measured for note in each.notes))
    if earlier:
        notes.append(f"{earlier} of {total} shards were finished by an earlier run")
    return compose(
        submission.name, _artifacts(entry), opened, scored, total_cost([each.cost for each in measured if each.cost]),
        [flag for each in measured for flag in each.flags], conditions, notes, seeds,
    )  # fmt: skip


def _training_seeds(opened: OpenTask, artifact: Artifact, effort: Effort) -> list[int]:
    return opened.protocol.training_seeds(opened.entry, artifact, effort)


def _measure(opened: OpenJob, job: Job) -> Measured:
    """Cost and batch dependence of one net, and what was stripped from its file; a submitted set has none."""
    if opened.model is None:
        return Measured(None, [], [])
    task, module = opened.task, opened.model.module
    cost = measure_cost(module, task.entry, job.file.stat().st_size)
    images = task.protocol.probe(task.entry, task.split)
    return Measured(cost, batch_flags(module, images), list(opened.model.stripped))


def _score_submitted(
    submission: Submission, entry: Entry, opened: OpenTask, conditions: Conditions
) -> tuple[Record, dict[str, np.ndarray]]:
    """The record of predictions or scores that the author computed: no model is run."""
    scored = {}
    for piece in entry.pieces:
        shards = opened.protocol.submitted(opened.entry, opened.split, piece.file)
        candidate = Candidate(piece.artifact.kind, piece.artifact.replicate, submission.detector)
        scored[_replicate(piece.artifact)] = opened.protocol.combine(opened.entry, opened.split, candidate, shards)
    return compose(submission.name, _artifacts(entry), opened, scored, None, [], conditions, [])


def _replicate(artifact: Artifact) -> str:
    return artifact.replicate or "the only run"


def _artifacts(entry: Entry) -> list[ScoredArtifact]:
    given = [piece.artifact for piece in entry.pieces]
    return [ScoredArtifact(kind=one.kind, sha256=one.sha256, replicate=one.replicate, model=one.model) for one in given]


def evaluate(
    model: nn.Module | Path | str,
    task_id: str,
    *,
    name: str = "in-memory",
    detector: Detector | None = None,
    options: Options | None = None,
) -> Record:
    """The record of a submission folder, or of a net in memory, on one task; it is not written anywhere.

    model: a path to a submission, or a torch module that maps float images in [0, 1], (N, C, H, W), to logits
    (N, classes), normalization included. A net in memory is scored in this process, from the first cell on.
    detector: of a net in memory, for out-of-distribution tasks.
    """
    options = options or Options()
    check_device(options.device)
    if not isinstance(model, nn.Module):
        checked = check_submission(Path(model), task_id, options.tasks_dir)
        return score_entry(checked, checked.entries[0], options)[0]
    entry = find_task(task_id, options.tasks_dir)
    opened = open_task(f"{entry.task.id}.v{entry.task.version}", options.tasks_dir)
    entry, protocol, split = opened.entry, opened.protocol, opened.split
    conditions = Conditions(options.device, torch.get_num_threads(), 1, options.batch_size)
    net = net_of(model, entry, options.batch_size, options.device)
    shards: dict[str, Arrays] = {}
    for group in protocol.shard_groups(entry):
        shards |= dict(protocol.score_shards(entry, split, net, group))
    weights = safetensors.torch.save({key: value.contiguous() for key, value in model.state_dict().items()})
    artifact = ScoredArtifact(kind="checkpoint", sha256=bytes_sha256(weights))
    cost, flags = measure_cost(model, entry, len(weights)), batch_flags(model, protocol.probe(entry, split))
    scored = protocol.combine(entry, split, Candidate("checkpoint", None, detector), shards)
    return compose(name, [artifact], opened, {"the only run": scored}, cost, flags, conditions, [])[0]
