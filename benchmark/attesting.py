"""What may be attested of a record that was scored again with an equal result."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from benchmark.documents import Record, read_submission
from benchmark.effort import Effort, are_development
from benchmark.errors import MettleError

Kind = Literal["measured", "reproduced"]


def check_kind(kind: str) -> None:
    """Raise MettleError for a kind of attestation that nobody can make by scoring."""
    if kind not in get_args(Kind):
        raise MettleError("--kind", f"is one of {', '.join(get_args(Kind))}", repr(kind))


def check_attestation(record: Record, submissions: Path, kind: str, salt: str = "") -> None:
    """Raise MettleError where an attestation of this kind would say more than an equal result shows.

    submissions: the folder of the record's submission lies in it. salt: the maintainers'; empty where it is not given.
    Anyone can score a set with seeds of their own until one choice of seeds is lucky, and the record does not show it.
    """
    check_kind(kind)
    seeds, folder = record.result.training_seeds, submissions / record.result.submission
    if kind != "measured" or not seeds or read_submission(folder).baseline:
        return
    if are_development(seeds):
        found = "the development seeds 1, 2, 3 and so on"
    elif not salt:
        found = "no --salt-file to draw them again"
    elif not Effort(salt=salt).gives(seeds):
        found = "others than this --salt-file gives"
    else:
        return
    rule = "a submitted set is measured with seeds drawn from the maintainers' salt"
    command = f"mettle score {submissions.name}/{folder.name} --salt-file FILE"
    fix = f"Score it with `{command}` and attest that record with the same file."
    raise MettleError(f"Record {record.id[:12]}", rule, found, fix)
