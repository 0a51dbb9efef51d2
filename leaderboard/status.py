"""What stands behind a score: who ran the model, and whether the record still holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from benchmark.documents import Attestation, Record

Status = Literal["self-run", "predictions", "measured", "reproduced", "void", "withdrawn"]

EXPLAINED: dict[Status, str] = {
    "reproduced": "Maintainers trained or built the artifact again from its recipe and got the same result.",
    "measured": "Maintainers or their automation ran the submitted artifact and got this result.",
    "predictions": "Only predictions were submitted. The labels are public and we never ran the model: a claim.",
    "self-run": "Scored on the submitter's own machine; nobody else has run it yet.",
    "withdrawn": "Its authors took it back.",
    "void": "Maintainers found the result invalid.",
}
"""Status -> what it means, from the strongest to the weakest."""

CLAIMED_KINDS = frozenset({"predictions", "ood-scores"})
"""Artifacts without a model: whoever attests them attests the arithmetic, not the model."""


def status_of(record: Record, attestations: Iterable[Attestation]) -> Status:
    """The status of a record by the attestations about it.

    `void` outweighs `withdrawn`, and both are final. A record that scores predictions stays `predictions`, whoever
    scored them. Otherwise `reproduced` outweighs `measured`, and a record nobody attested is `self-run`.
    """
    kinds = {attestation.kind for attestation in attestations if attestation.record == record.id}
    if "void" in kinds:
        return "void"
    if "withdrawn" in kinds:
        return "withdrawn"
    if any(artifact.kind in CLAIMED_KINDS for artifact in record.result.artifacts):
        return "predictions"
    if "reproduced" in kinds:
        return "reproduced"
    return "measured" if "measured" in kinds else "self-run"
