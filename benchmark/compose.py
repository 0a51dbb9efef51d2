"""A record from what a protocol says, what was measured of the model, and what is known of the run."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass, field

import numpy as np
from torch import nn

from benchmark import provenance
from benchmark.documents import Cost, Flag, Record, Run, ScoredArtifact, ScoredTask
from benchmark.documents.store import describe_outcome, put_in_store
from benchmark.models import flops_per_image
from benchmark.models.decisions import NOISE_FLOAT32, depends_on_batch
from benchmark.protocol import OpenSplit, Scored
from benchmark.task_registry import TaskEntry

BATCH_PROBE_IMAGES = 32
BATCH_TOLERANCE = 10 * NOISE_FLOAT32


@dataclass(frozen=True)
class Conditions:
    """How a run was carried out."""

    device: str
    threads: int
    workers: int
    batch_size: int
    started: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))
    clock: float = field(default_factory=time.monotonic)


def compose(
    name: str,
    artifact: ScoredArtifact,
    entry: TaskEntry,
    split: OpenSplit,
    scored: Scored,
    cost: Cost,
    flags: list[Flag],
    conditions: Conditions,
    notes: list[str],
) -> tuple[Record, dict[str, np.ndarray]]:
    """The record, and the arrays to be stored beside it; larger arrays go to the content-addressed store here."""
    task = entry.task
    for item in scored.outcomes.values():
        if item.stored == "store":
            put_in_store(item.array)
    result = {
        "task": ScoredTask(
            id=task.id, version=task.version, sha256=task.scoring_sha256, split_sha256=task.data.split_sha256 or ""
        ).model_dump(),
        "submission": name,
        "artifacts": [artifact.model_dump()],
        "scores": {key: score.model_dump() for key, score in scored.scores.items()},
        "cells": scored.cells,
        "outcomes": {
            key: describe_outcome(item.array, scale=item.scale, stored=item.stored).model_dump()
            for key, item in scored.outcomes.items()
        },
        "cost": cost.model_dump(),
        "flags": [flag.model_dump() for flag in [*scored.flags, *flags]],
    }
    run = Run(
        started=conditions.started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - conditions.clock, 1),
        machine=provenance.machine(),
        device=conditions.device,
        threads=conditions.threads,
        workers=conditions.workers,
        batch_size=conditions.batch_size,
        precision="fp32",
        versions=provenance.versions(),
        revision=provenance.revision(),
        data_source=split.dataset.source,
        data_copy=split.dataset.copy,
        pixels_sha256=split.dataset.pixels_sha256,
        notes=[*notes, *scored.notes],
    )
    beside = {key: item.array for key, item in scored.outcomes.items() if item.stored == "record"}
    return Record.of(result, run), beside


def measure_cost(module: nn.Module, entry: TaskEntry, weight_bytes: int) -> Cost:
    """Parameters, operations of one forward pass of one image, and the size of the weights' file."""
    data = entry.task.data
    return Cost(
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        flops=flops_per_image(module, (data.channels, data.image_size, data.image_size)),
        forward_passes=1,
        weight_bytes=weight_bytes,
    )


def batch_flags(module: nn.Module, split: OpenSplit) -> list[Flag]:
    """The batch-dependent flag, where the score of an image moves with the other images of its batch."""
    moved = depends_on_batch(module, split.dataset.images[:BATCH_PROBE_IMAGES])
    if moved <= BATCH_TOLERANCE:
        return []
    # The size of the shift varies with the processor; `result` holds only that there is one.
    evidence = (
        f"Logits of the first {BATCH_PROBE_IMAGES // 2} test images change with the other images of their batch "
        f"by more than {BATCH_TOLERANCE:.0e} of the largest logit; rounding alone stays near 1e-6."
    )
    return [Flag(name="batch-dependent", evidence=evidence)]
