"""A record from what a protocol says, what was measured of the model, and what is known of the run."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import nn

from benchmark import provenance
from benchmark.documents import Cost, Flag, Record, Run, ScoredArtifact, ScoredTask
from benchmark.documents.store import describe_outcome, put_in_store
from benchmark.effort import STANDARD, Effort
from benchmark.models import flops_per_image
from benchmark.models.decisions import NOISE_FLOAT32, depends_on_batch
from benchmark.protocol import Scored
from benchmark.score import OpenTask
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
    effort: Effort = STANDARD
    started: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))
    clock: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Measured:
    """What the scorer found out about one net before scoring it."""

    cost: Cost | None
    flags: list[Flag]
    notes: list[str]


def compose(
    name: str,
    artifacts: list[ScoredArtifact],
    task: OpenTask,
    runs: Mapping[str, Scored],
    cost: Cost | None,
    flags: list[Flag],
    conditions: Conditions,
    notes: list[str],
    training_seeds: Mapping[str, list[int]] | None = None,
) -> tuple[Record, dict[str, np.ndarray]]:
    """The record, and the arrays to be stored beside it; larger arrays go to the content-addressed store here.

    runs: what each replicate scored, by its name; several are merged by the protocol. cost: None where no model was
    submitted.
    """
    scored = next(iter(runs.values())) if len(runs) == 1 else task.protocol.merge(task.entry, task.split, runs)
    definition, dataset = task.entry.task, task.split.dataset
    for item in scored.outcomes.values():
        if item.stored == "store":
            put_in_store(item.array)
    several = {run: {key: score.value for key, score in found.scores.items()} for run, found in runs.items()}
    result = {
        "task": ScoredTask(
            id=definition.id,
            version=definition.version,
            sha256=definition.scoring_sha256,
            split_sha256=definition.data.split_sha256 or "",
        ).model_dump(),
        "submission": name,
        "artifacts": [artifact.model_dump() for artifact in artifacts],
        "scores": {key: score.model_dump() for key, score in scored.scores.items()},
        "cells": scored.cells,
        "outcomes": {
            key: describe_outcome(item.array, scale=item.scale, stored=item.stored).model_dump()
            for key, item in scored.outcomes.items()
        },
        "replicates": several if len(runs) > 1 else {},
        "detector": scored.detector.model_dump() if scored.detector else None,
        "tier": conditions.effort.tier,
        "training_seeds": dict(training_seeds or {}),
        "cost": cost.model_dump() if cost else None,
        "flags": [flag.model_dump() for flag in dict.fromkeys([*scored.flags, *flags])],
    }
    run = Run(
        started=conditions.started.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - conditions.clock, 1),
        machine=provenance.machine(),
        device=conditions.device,
        threads=conditions.threads,
        workers=conditions.workers,
        batch_size=conditions.batch_size,
        precision="fast" if conditions.effort.tier == "fast" else "fp32",
        versions=provenance.versions(),
        revision=provenance.revision(),
        data_source=dataset.source,
        data_copy=dataset.copy,
        pixels_sha256=dataset.pixels_sha256,
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


def total_cost(costs: Sequence[Cost]) -> Cost | None:
    """What the replicates cost: the largest net, and the bytes of all files; None without any."""
    if not costs:
        return None
    flops = [cost.flops for cost in costs if cost.flops is not None]
    return Cost(
        parameters=max(cost.parameters for cost in costs),
        flops=max(flops) if len(flops) == len(costs) else None,
        forward_passes=max(cost.forward_passes for cost in costs),
        weight_bytes=sum(cost.weight_bytes for cost in costs),
    )


def batch_flags(module: nn.Module, images: np.ndarray) -> list[Flag]:
    """The batch-dependent flag, where the score of an image moves with the other images of its batch."""
    moved = depends_on_batch(module, images[:BATCH_PROBE_IMAGES])
    if moved <= BATCH_TOLERANCE:
        return []
    # The size of the shift varies with the processor; `result` holds only that there is one.
    evidence = (
        f"Logits of the first {BATCH_PROBE_IMAGES // 2} test images change with the other images of their batch "
        f"by more than {BATCH_TOLERANCE:.0e} of the largest logit; rounding alone stays near 1e-6."
    )
    return [Flag(name="batch-dependent", evidence=evidence)]
