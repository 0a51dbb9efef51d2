"""What the engine asks of a protocol, and what it gets back."""

from __future__ import annotations

import abc
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.data import Dataset
from benchmark.documents import Artifact, Detector
from benchmark.documents.submission import ArtifactKind
from benchmark.effort import STANDARD, Effort
from benchmark.errors import MettleError
from benchmark.models.net import Net
from benchmark.replicates import mean_over_runs
from benchmark.scored import Arrays, OutcomeArray, Scored
from benchmark.task_registry import TaskEntry

__all__ = ["Arrays", "Candidate", "LabelsAlone", "OpenSplit", "OutcomeArray", "Protocol", "Scored"]


@dataclass(frozen=True)
class Candidate:
    """What a protocol may know about the artifact whose shards it combines."""

    kind: ArtifactKind
    replicate: str | None = None
    """Its training run or hold-out pair."""
    detector: Detector | None = None
    """As the submission declares it."""
    artifact: Artifact | None = None
    file: Path | None = None
    """Of a submitted set, which was trained on and may be looked at again."""
    effort: Effort = STANDARD


@dataclass(frozen=True)
class LabelsAlone:
    """What a run says of its data where no image was looked at."""

    source: str
    copy: None = None
    pixels_sha256: None = None


class OpenSplit(typing.Protocol):
    """The frozen split of a task, verified and ready to be shown to a model."""

    @property
    def dataset(self) -> Dataset | LabelsAlone:
        """The data set whose copy and source the run's facts name."""


class Protocol(abc.ABC):
    """Scoring code: a module `tasks/<family>/<protocol>.py` ends with an instance of a subclass named `PROTOCOL`.

    A shard is the smallest piece of work whose outcome is kept, so that a killed run goes on from it. Shards of one
    group are scored by one worker in order, because they share work (five severities share the random draw).
    """

    judging_batch: int | None = None
    """Images per forward pass of the nets it trains itself, on the CPU; None where nets are submitted."""
    training_threads: int | None = None
    """Of each net it trains itself, whatever the process has; None where nets are submitted."""

    @abc.abstractmethod
    def open_split(self, entry: TaskEntry) -> typing.Any:
        """Load and verify the split: an `OpenSplit`."""

    @abc.abstractmethod
    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """The names of all shards, grouped."""

    @abc.abstractmethod
    def score_shards(
        self, entry: TaskEntry, split: typing.Any, net: Net, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """The outcome arrays of some shards of one group, one after another."""

    @abc.abstractmethod
    def combine(
        self, entry: TaskEntry, split: typing.Any, candidate: Candidate, shards: Mapping[str, Arrays]
    ) -> Scored:
        """The scores from the outcomes of all shards of one artifact; no model is run here."""

    def shard_identity(self, entry: TaskEntry, split: typing.Any, shard: str) -> dict[str, typing.Any]:
        """What decides the outcome of a shard besides the net; shards of equal identity are scored once for all tasks.

        This default ties a shard to its task, its pixels and its name.
        """
        return {"task": entry.task.scoring_sha256, "pixels": split.dataset.pixels_sha256, "shard": shard}

    def groups_for(self, entry: TaskEntry, artifact: Artifact, effort: Effort) -> list[list[str]]:
        """The shards of one artifact, grouped; a protocol that trains nets has others for other efforts."""
        if effort.tier != "standard":
            raise MettleError(f"--{effort.tier}", "it is for tasks that train nets on a submitted set", entry.task.id)
        return self.shard_groups(entry)

    def identity_for(
        self, entry: TaskEntry, split: typing.Any, artifact: Artifact, effort: Effort, shard: str
    ) -> dict[str, typing.Any]:
        """What decides the outcome of a shard of one artifact besides its bytes."""
        return self.shard_identity(entry, split, shard)

    def training_seeds(self, entry: TaskEntry, artifact: Artifact, effort: Effort) -> list[int]:
        """The seeds of the nets it trains on a submitted set, run by run."""
        return []

    def probe(self, entry: TaskEntry, split: typing.Any) -> np.ndarray:
        """Some images as the net sees them, uint8 (N, H, W, C), for the check of batch dependence."""
        return split.dataset.images

    def classes(self, entry: TaskEntry, artifact: Artifact) -> list[str]:
        """The classes a checkpoint must have, in order; MettleError for a replicate the task does not know."""
        return list(entry.task.data.classes)

    def replicates(self, entry: TaskEntry) -> list[str]:
        """The replicates a submission must have, all of them; empty where any number of training runs will do."""
        return []

    def submitted_sets(self, entry: TaskEntry, split: typing.Any) -> Mapping[str, np.ndarray]:
        """The image sets a submitted file covers, by name, with the ids of their images in order, int64 (N,)."""
        return {}

    def submitted(self, entry: TaskEntry, split: typing.Any, path: Path) -> Mapping[str, Arrays]:
        """Shards as `combine` takes them, from a submitted file of predictions or scores."""
        raise MettleError(entry.task.id, "its protocol scores checkpoints", "a file of predictions")

    def check_file(self, entry: TaskEntry, artifact: Artifact, file: Path) -> None:
        """Raise MettleError for a file that is no checkpoint and cannot be scored."""
        self.submitted(entry, self.open_split(entry), file)

    def merge(self, entry: TaskEntry, split: typing.Any, scored: Mapping[str, Scored]) -> Scored:
        """The scores of a submission from those of its replicates, by name; two or more.

        This default takes replicates for training runs: means over runs, intervals over images and runs together.
        """
        return mean_over_runs(scored)

    def freeze_split(self, entry: TaskEntry) -> str:
        """The text of a split that pins the official files found on this machine; MettleError where one is missing."""
        raise MettleError(entry.task.id, f"its protocol {entry.task.protocol} cannot pin files", fix="See its card.")
