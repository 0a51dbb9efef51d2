"""A record with everything the board knows about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.documents import Attestation, Flag, Record, Score, Submission


@dataclass(frozen=True, eq=False)
class Entry:
    """One record, the submission it scores, and what was said about it later."""

    record: Record
    submission: Submission
    path: Path
    """Of the record's file, relative to the folder that holds the submissions folder."""
    local: bool
    """Scored on the machine that builds the site, not part of the repository."""
    attestations: tuple[Attestation, ...] = ()
    superseded_by: str | None = None
    """Id of the record that replaces this one."""
    repeated_here: bool = False
    """An equal result was computed on the machine that builds the site."""
    decisions: np.ndarray | None = None
    """int (N,): each image's share of the primary metric, times `scale`; None where the record keeps none."""
    scale: int = 1

    @property
    def name(self) -> str:
        return self.submission.name

    @property
    def flags(self) -> list[Flag]:
        return self.record.result.flags

    def score(self, metric: str) -> Score | None:
        """The record's score by that name; None where it was not scored."""
        return self.record.result.scores.get(metric)

    def has_flag(self, name: str) -> bool:
        return any(flag.name == name for flag in self.flags)

    @property
    def age(self) -> tuple[str, str]:
        """Sorts records from old to new; the id decides between equal times."""
        return (self.record.run.started, self.record.id)
