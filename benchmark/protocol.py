"""What the engine asks of a protocol module, and what it gets back."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmark.data import Dataset
from benchmark.documents import Flag, Score
from benchmark.models.decisions import Decider
from benchmark.task_registry import TaskEntry

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class OutcomeArray:
    """A per-example array a record keeps: beside itself in git, or in the content-addressed store."""

    array: np.ndarray
    scale: int = 1
    stored: typing.Literal["record", "store"] = "record"


@dataclass(frozen=True)
class Scored:
    """Everything a protocol says about one submission."""

    scores: dict[str, Score]
    cells: dict[str, dict[str, float]] = field(default_factory=dict)
    outcomes: dict[str, OutcomeArray] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Findings for the record's `run`, for instance cells that differ from the manifest within tolerance."""


class OpenSplit(typing.Protocol):
    """The frozen split of a task, verified and ready to be shown to a model."""

    dataset: Dataset


class Protocol(typing.Protocol):
    """A module `tasks/<family>/<protocol>.py` has these four functions.

    A shard is the smallest piece of work whose outcome is kept, so that a killed run goes on from it. Shards of one
    group are scored by one worker in order, because they share work (five severities share the random draw).
    """

    def open_split(self, entry: TaskEntry) -> OpenSplit:
        """Load and verify the split."""

    def shard_groups(self, entry: TaskEntry) -> list[list[str]]:
        """The names of all shards, grouped."""

    def score_shards(
        self, entry: TaskEntry, split: OpenSplit, decider: Decider, shards: Sequence[str]
    ) -> Iterator[tuple[str, Arrays]]:
        """The outcome arrays of some shards of one group, one after another."""

    def combine(self, entry: TaskEntry, split: OpenSplit, shards: Mapping[str, Arrays]) -> Scored:
        """The scores from the outcomes of all shards; no model is run here."""
