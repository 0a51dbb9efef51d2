"""Records of one task version to the tables of its page. Pure: every record ends up in exactly one row."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from benchmark.documents import Task
from benchmark.effort import are_development
from leaderboard.entry import Entry
from leaderboard.folding import fold
from leaderboard.ranking import Place, Ranking, rank
from leaderboard.status import EXPLAINED, Status, status_of

TableKind = Literal[
    "ranked",
    "open",
    "outlier-trained",
    "predictions",
    "diagnostics",
    "batch-dependent",
    "folded",
    "unranked",
    "superseded",
    "removed",
]
TABLE_KINDS: tuple[TableKind, ...] = get_args(TableKind)
PLACED_KINDS: tuple[TableKind, ...] = ("ranked", "open", "outlier-trained", "predictions")
"""Tables whose rows have ranks; each ranks its own rows."""

TIERS = {
    "quick": "A quick look: fewer nets and fewer steps than ranked rows have.",
    "fast": "A fast run; ranked scores use the task's own precision.",
}
"""Tiers that are never ranked, and why."""

COPY = "copy:"
"""Begins the names of a record's cells for images of a submitted set that are test images."""


@dataclass(frozen=True, eq=False)
class Row:
    """One record in one table."""

    entry: Entry
    status: Status
    place: Place | None = None
    reason: str = ""
    """Why it is in this table and not among the ranked rows."""
    about: str | None = None
    """Name of the submission the reason refers to."""
    folded: int = 0
    """How many rows this one stands for, besides itself."""


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of one kind, in the order shown, and what their ranks rest on."""

    kind: TableKind
    rows: tuple[Row, ...]
    ranking: Ranking | None = None


def tables(task: Task, entries: Iterable[Entry]) -> tuple[Table, ...]:
    """The tables of one task version that have rows, in the order of `TABLE_KINDS`.

    Ranked are measured and reproduced records: one per team and method, of sets of others only those with seeds that
    maintainers drew, without the batch-dependent, with near copies folded. Rows that saw more than the rest stand apart
    and are ranked among themselves, and so are predictions; near copies fold within each of these tables.
    Whatever is not ranked says why.
    """
    sorted_out: dict[TableKind, list[Row]] = {kind: [] for kind in TABLE_KINDS}
    oldest_first = sorted(entries, key=lambda entry: entry.age)
    committed = {_scored(entry): entry.record.id for entry in oldest_first if not entry.local}
    for entry in oldest_first:
        kind, row = _local(entry, committed) if entry.local else _first_look(task, entry)
        sorted_out[kind].append(row)
    for kind in (*PLACED_KINDS, "diagnostics", "batch-dependent"):
        sorted_out[kind], replaced = _one_per_method(sorted_out[kind])
        sorted_out["unranked"] += replaced
    for kind in PLACED_KINDS:
        sorted_out[kind], folded = _fold(sorted_out[kind])
        sorted_out["folded"] += folded
    ordered = {kind: _ordered(task, rows, by_value=kind != "diagnostics") for kind, rows in sorted_out.items()}
    return tuple(
        _ranked(task, kind, rows) if kind in PLACED_KINDS else Table(kind, tuple(rows))
        for kind, rows in ordered.items()
        if rows
    )


def _first_look(task: Task, entry: Entry) -> tuple[TableKind, Row]:
    """The table a record belongs to by itself, before it is compared with others."""
    status = status_of(entry.record, entry.attestations)
    row = Row(entry, status, reason=EXPLAINED[status])
    if status in ("void", "withdrawn"):
        given = [statement.reason for statement in entry.attestations if statement.kind == status]
        return "removed", replace(row, reason=" ".join(given))
    if copies := _copies(entry):
        return "removed", replace(row, reason=copies)
    if (newer := entry.superseded_by) is not None:
        return "superseded", replace(row, reason=f"Record {newer.record[:12]} replaces it. {newer.reason}".strip())
    if status == "self-run":
        return "unranked", replace(row, reason=_with_tier(entry, row.reason))
    if (tier := entry.record.result.tier) in TIERS:
        return "unranked", replace(row, reason=TIERS[tier])
    if entry.score(task.primary.name) is None:
        return "unranked", replace(row, reason="An anchor of this task is not measured yet, so its gain is missing.")
    if not task.ranked:
        return "diagnostics", row
    if reason := _seeds_of_its_authors(entry):
        return "unranked", replace(row, reason=reason)
    if entry.outcomes is None:
        return "unranked", replace(row, reason="Its record keeps no per-image outcomes, so no test can compare it.")
    if entry.has_flag("batch-dependent"):
        return "batch-dependent", replace(row, reason="Its score of an image depends on the other images of the batch.")
    if status == "predictions":
        return "predictions", row
    return _measured_kind(task, entry), replace(row, reason="")


def _copies(entry: Entry) -> str:
    """How many images of a submitted set are test images, in a sentence; empty for none."""
    copies = sum(name.startswith(COPY) for name in entry.record.result.cells)
    images = "of its images is a test image" if copies == 1 else "of its images are test images"
    return f"{copies:,} {images}; its contamination flag lists them." if copies else ""


def _seeds_of_its_authors(entry: Entry) -> str:
    """Why the seeds of a set's nets may be its authors' choice; empty for drawn seeds, baselines and other artifacts.

    Whether seeds were drawn from the salt shows only to those who know it; they say so by attesting `measured`.
    """
    seeds = entry.record.result.training_seeds
    if not seeds or entry.submission.baseline:
        return ""
    if are_development(seeds):
        return "Its nets have the development seeds 1, 2, 3, ..., by which a set can be chosen; drawn ones are ranked."
    if not any(statement.kind == "measured" for statement in entry.attestations):
        return "Repeated, but no maintainer has attested that the seeds of its nets were drawn from their salt."
    return ""


def _measured_kind(task: Task, entry: Entry) -> TableKind:
    """The table of a measured row, by what its training saw."""
    if task.family == "ood" and entry.submission.declares.outlier_data:
        return "outlier-trained"
    return "open" if entry.trained_beyond(task.given_training_data) else "ranked"


def _scored(entry: Entry) -> tuple[str, ...]:
    """What was scored, and how thoroughly: the submission, the tier and the bytes of its artifacts."""
    result = entry.record.result
    return (entry.name, result.tier, *sorted(artifact.sha256 for artifact in result.artifacts))


def _local(entry: Entry, committed: Mapping[tuple[str, ...], str]) -> tuple[TableKind, Row]:
    """A run on the machine that builds the site: of other artifacts than the repository's, or with another result."""
    if copies := _copies(entry):
        return "removed", Row(entry, status_of(entry.record, ()), reason=copies)
    other = committed.get(_scored(entry))
    reason = "Scored on this machine; not part of the repository."
    if other is not None:
        reason = f"Scored on this machine; differs from the repository's record {other[:12]} of the same artifacts."
    return "unranked", Row(entry, status_of(entry.record, ()), reason=_with_tier(entry, reason))


def _with_tier(entry: Entry, reason: str) -> str:
    """A reason, behind what its tier is where that alone keeps it from being ranked."""
    return f"{TIERS.get(entry.record.result.tier, '')} {reason}".lstrip()


def method_key(entry: Entry) -> tuple[str, str]:
    """Team and method, equal for spellings that a reader cannot tell apart."""
    team, method = (
        " ".join(unicodedata.normalize("NFKC", text).casefold().split())
        for text in (entry.submission.team, entry.submission.method)
    )
    return team, method


def _one_per_method(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The newest row of each team and method, and the older ones. `rows`: old to new."""
    newest = {method_key(row.entry): row for row in rows}
    kept, replaced = [], []
    for row in rows:
        current = newest[method_key(row.entry)]
        if row is current:
            kept.append(row)
        else:
            reason = f"Same team and method as the newer record {current.entry.record.id[:12]}."
            replaced.append(replace(row, reason=reason, about=current.entry.name))
    return kept, replaced


def _fold(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Rows that stand, and near copies of an older one. `rows`: old to new, all with outcomes of the same images.

    Records with different numbers of replicates decide on different scales, or on different numbers of ranks; only
    like ones can fold.
    """
    standing: list[Row] = []
    folded: list[Row] = []
    for like in sorted({_scale(row) for row in rows}):
        alike = [row for row in rows if _scale(row) == like]
        decisions = [row.entry.outcomes.decisions for row in alike if row.entry.outcomes is not None]
        targets = fold(decisions, tolerance=like[-1])
        followers = [target[0] for target in targets if target is not None]
        for index, (row, target) in enumerate(zip(alike, targets, strict=True)):
            if target is None:
                standing.append(replace(row, folded=followers.count(index)))
            else:
                name = alike[target[0]].entry.name
                reason = f"Agrees with an older row on {100 * target[1]:.2f} % of decisions."
                folded.append(replace(row, reason=reason, about=name))
    return standing, folded


def _scale(row: Row) -> tuple[int, int, int]:
    outcomes = row.entry.outcomes
    assert outcomes is not None, "rows without outcomes are not compared"
    return outcomes.scale, outcomes.decisions.size, outcomes.tolerance


def _ordered(task: Task, rows: Iterable[Row], *, by_value: bool) -> list[Row]:
    """Best value first and missing ones last, unless the order must say nothing; equal ones by title, then by name."""
    sign = -1 if task.primary.higher_is_better else 1

    def key(row: Row) -> tuple[float, str, str, str]:
        score = row.entry.score(task.primary.name)
        value = (math.inf if score is None else sign * score.value) if by_value else 0.0
        return (value, row.entry.submission.title, row.entry.name, row.entry.record.id)

    return sorted(rows, key=key)


def _ranked(task: Task, kind: TableKind, rows: Sequence[Row]) -> Table:
    outcomes = [row.entry.outcomes for row in rows if row.entry.outcomes is not None]
    ranking = rank(outcomes, higher_is_better=task.primary.higher_is_better)
    placed = (replace(row, place=place) for row, place in zip(rows, ranking.places, strict=True))
    return Table(kind, tuple(placed), ranking)
