"""A record with everything the board knows about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.documents import Attestation, Flag, Record, Score, Submission
from leaderboard.outcomes import Outcomes


@dataclass(frozen=True, eq=False)
class Entry:
    """One record, the submission it scores, and what was said about it later."""

    record: Record
    submission: Submission
    path: Path
    """Of the record's file, from the folder that holds the submissions folder; of a local one, with that folder."""
    local: bool
    """Scored on the machine that builds the site, not part of the repository."""
    attestations: tuple[Attestation, ...] = ()
    superseded_by: Attestation | None = None
    """The statement that another record replaces this one."""
    repeated_here: bool = False
    """An equal result was computed on the machine that builds the site."""
    outcomes: Outcomes | None = None
    """Each image's share of the primary metric; None where the record keeps none."""

    @property
    def name(self) -> str:
        return self.submission.name

    @property
    def flags(self) -> list[Flag]:
        return self.record.result.flags

    def score(self, metric: str) -> Score | None:
        """The record's score by that name; None where it was not scored."""
        return self.record.result.scores.get(metric)

    def runs(self, metric: str) -> dict[str, float]:
        """The score of each training run or hold-out pair, in the record's order; empty for a record of one."""
        found = self.record.result.replicates
        return {name: scores[metric] for name, scores in found.items() if metric in scores}

    def trained_beyond(self, given: Sequence[str]) -> list[str]:
        """What it was trained on besides the given data sets; empty where none are given."""
        declares = self.submission.declares
        used = dict.fromkeys([*declares.training_data, *declares.pretraining, *declares.extra_data])
        return [name for name in used if name not in given] if given else []

    def has_flag(self, name: str) -> bool:
        return any(flag.name == name for flag in self.flags)

    @property
    def age(self) -> tuple[str, str]:
        """Sorts records from old to new; the id decides between equal times."""
        return (self.record.run.started, self.record.id)
