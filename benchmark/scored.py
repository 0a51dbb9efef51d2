"""What a protocol says about one artifact or one submission, before it becomes a record."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmark.documents import Detector, Flag, Score

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class OutcomeArray:
    """A per-example array a record keeps: beside itself in git, or in the content-addressed store."""

    array: np.ndarray
    scale: int = 1
    stored: typing.Literal["record", "store"] = "record"


@dataclass(frozen=True)
class Scored:
    """Everything a protocol says about one artifact, or about all replicates of a submission together."""

    scores: dict[str, Score]
    cells: dict[str, dict[str, float]] = field(default_factory=dict)
    outcomes: dict[str, OutcomeArray] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Findings for the record's `run`, for instance cells that differ from the manifest within tolerance."""
    detector: Detector | None = None
    """The detector that was scored, with the settings it ran with."""
