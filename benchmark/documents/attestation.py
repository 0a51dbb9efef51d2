"""An attestation: a small append-only statement about a record, which itself is never edited."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from benchmark.documents.record import Revision
from benchmark.documents.strict import Date, Line, Link, Paragraph, Sha256, Strict


class Attestation(Strict):
    """The content of `submissions/<name>/attestations/<date>-<kind>-<record id, 12 digits>.json`.

    The name of one that supersedes goes on with the id of the older record; that of a second statement of a
    day, another person's or a correction, ends in -2, and of two replacements of one record the later reason is shown.
    """

    schema_version: Literal[1]
    kind: Literal["measured", "reproduced", "void", "withdrawn", "supersedes"]
    record: Sha256
    """Id of the record it is about."""
    by: Line
    date: Date
    reason: Paragraph = ""
    """Why; required for void and withdrawn."""
    evidence: Link | None = None
    supersedes: Sha256 | None = None
    """Id of the older record that `record` replaces."""
    machine: Line | None = None
    revision: Revision | None = None

    @model_validator(mode="after")
    def _complete(self) -> Attestation:
        if self.kind in ("void", "withdrawn") and not self.reason:
            raise ValueError(f"an attestation of kind {self.kind} gives a reason")
        if (self.kind == "supersedes") != (self.supersedes is not None):
            raise ValueError("`supersedes` names the older record, in an attestation of kind supersedes only")
        return self
