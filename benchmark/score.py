"""(artifact, task, shard) to shard outcome, kept under the hash of all that decides it, so that a re-run resumes."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmark.dataset_protocol import DatasetProtocol, OpenSet
from benchmark.documents import Artifact, ModelSpec, canonical_sha256
from benchmark.documents.store import pack_outcomes, write_atomically
from benchmark.effort import STANDARD, Effort
from benchmark.errors import MettleError
from benchmark.models import LoadedModel, load_checkpoint
from benchmark.models.net import Net
from benchmark.paths import cache_dir
from benchmark.protocol import Arrays, Protocol
from benchmark.task_registry import TASKS_DIR, TaskEntry, find_task

SHARD_FORMAT = 1
"""Raised when the meaning of a shard's arrays changes, so that older shards are not taken for new ones."""


@dataclass(frozen=True)
class Job:
    """One artifact on one task, as a worker process needs it."""

    task: str
    """`<id>.v<version>`."""
    artifact: Artifact
    file: Path
    """Local copy whose sha256 was checked."""
    tasks_dir: Path = TASKS_DIR
    shards_dir: Path | None = None
    """Where shard outcomes are kept; the cache unless given."""
    batch_size: int = 250
    threads: int = 1
    device: str = "cpu"
    effort: Effort = STANDARD


@dataclass(frozen=True)
class OpenTask:
    """A task with its split loaded."""

    entry: TaskEntry
    protocol: Protocol
    split: Any


@dataclass(frozen=True)
class OpenJob:
    """A job with its task and what it scores loaded, as long as the process lives."""

    task: OpenTask
    subject: Net | OpenSet
    model: LoadedModel | None
    """Of a checkpoint."""

    @property
    def net(self) -> Net:
        """The net of a checkpoint."""
        assert isinstance(self.subject, Net)
        return self.subject


_last: tuple[Job, OpenJob] | None = None
_last_task: tuple[tuple[str, Path], OpenTask] | None = None


def open_task(task: str, tasks_dir: Path) -> OpenTask:
    """Load the split of a task; the same task again costs nothing."""
    global _last_task
    if _last_task is None or _last_task[0] != (task, tasks_dir):
        entry = find_task(task, tasks_dir)
        protocol = entry.protocol()
        _last_task = ((task, tasks_dir), OpenTask(entry, protocol, protocol.open_split(entry)))
    return _last_task[1]


def open_job(job: Job) -> OpenJob:
    """Load the split and the model of a job; the same job again costs nothing."""
    global _last
    if _last is None or _last[0] != job:
        _last = (job, _open(job))
    return _last[1]


def close() -> None:
    """Let go of the split and the model that are loaded, so that the next job reads its files again."""
    global _last, _last_task
    _last = _last_task = None


def _open(job: Job) -> OpenJob:
    torch.set_num_threads(job.threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    entry = find_task(job.task, job.tasks_dir)
    if job.artifact.kind == "checkpoint":
        model = load_model(entry, job.artifact, job.file)  # what cannot be scored is refused before data is read
        net = net_of(model.module, entry, job.batch_size, job.device)
        return OpenJob(open_task(job.task, job.tasks_dir), net, model)
    task = open_task(job.task, job.tasks_dir)
    assert isinstance(task.protocol, DatasetProtocol)
    submitted = task.protocol.open_set(entry, task.split, job.artifact, job.file)

    def progress_file(shard: str) -> Path:
        return shard_path(job, task, shard).with_suffix(".training")

    return OpenJob(task, OpenSet(submitted, job.artifact, job.effort, progress_file), None)


def net_of(module: nn.Module, entry: TaskEntry, batch_size: int, device: str) -> Net:
    """A module as the protocol of a task uses it."""
    data = entry.task.data
    return Net(module, data.channels, data.image_size, batch_size, torch.device(device))


def load_model(entry: TaskEntry, artifact: Artifact, file: Path) -> LoadedModel:
    """The net of a checkpoint, checked against the images and classes of the task."""
    data, spec = entry.task.data, artifact.model
    assert isinstance(spec, ModelSpec)
    classes = entry.protocol().classes(entry, artifact)
    return load_checkpoint(
        file,
        spec,
        num_classes=len(classes),
        class_names=tuple(classes),
        in_channels=data.channels,
        image_size=data.image_size,
    )


def shard_path(job: Job, task: OpenTask, shard: str) -> Path:
    """Where the outcome of a shard is kept: its name is the hash of all that decides it, and of nothing else."""
    key = canonical_sha256(
        {
            "format": SHARD_FORMAT,
            "artifact": job.artifact.sha256,
            "model": job.artifact.model.model_dump(mode="json") if job.artifact.model else None,
            **task.protocol.identity_for(task.entry, task.split, job.artifact, job.effort, shard),
        }
    )
    return (job.shards_dir or cache_dir() / "shards") / key[:2] / f"{key}.npz"


def read_shard(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a finished shard; None where it is not finished or its file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None


def score_shards(job: Job, shards: Sequence[str], on_part: Callable[[float], None] = lambda _: None) -> None:
    """Score those shards of one group that are not finished, and keep each outcome as soon as it is there.

    on_part: called with how much of a shard is newly done, 1 for a whole one.
    """
    opened = open_job(job)
    task = opened.task
    paths = {shard: shard_path(job, task, shard) for shard in shards}
    missing = [shard for shard, path in paths.items() if read_shard(path) is None]
    for shard in shards:
        if shard not in missing:
            on_part(1.0)
    if not missing:
        return
    subject: Any = opened.subject
    within = 0.0  # of the shard that is being scored, as far as it was told

    def on_share(share: float) -> None:
        nonlocal within
        on_part(share - within)
        within = share

    if isinstance(subject, OpenSet):
        subject = replace(subject, on_share=on_share)
    for shard, arrays in task.protocol.score_shards(task.entry, task.split, subject, missing):
        write_atomically(paths[shard], pack_outcomes(arrays))
        on_share(1.0)
        within = 0.0


def finished_shards(job: Job, groups: Sequence[Sequence[str]]) -> int:
    """How many shards of a job need not be scored again."""
    task = open_task(job.task, job.tasks_dir)
    return sum(shard_path(job, task, shard).exists() for group in groups for shard in group)


def collect(job: Job, groups: Sequence[Sequence[str]]) -> Mapping[str, Arrays]:
    """The outcomes of all shards of a job, in the order of the groups.

    Raises MettleError where one is missing, rather than scoring what is there.
    """
    task = open_task(job.task, job.tasks_dir)
    outcomes: dict[str, Arrays] = {}
    for shard in (shard for group in groups for shard in group):
        arrays = read_shard(shard_path(job, task, shard))
        if arrays is None:
            raise MettleError(job.task, f"the outcome of {shard} is missing", fix="Run the same command again.")
        outcomes[shard] = arrays
    return outcomes
