"""What a submission's page shows of each of its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark.documents import Metric, Score, Submission, Task
from benchmark.documents.measured.contamination_figures import copy_threshold
from leaderboard.anchors import ShownAnchor
from leaderboard.cells import ByName, Cells, Values, sorted_cells
from leaderboard.curation_tables import curation_tables
from leaderboard.detection_tables import detector_tables, set_table
from leaderboard.distillation_tables import distillation_tables
from leaderboard.entry import Entry
from leaderboard.group_tables import class_tables, group_tables
from leaderboard.heat import HeatTable, heat_tables
from leaderboard.marks import Mark, marks, status_mark
from leaderboard.missing import why_missing
from leaderboard.numbers import Shown, byte_count, decimals, plain, show, unit_sign
from leaderboard.part_table import PartTable
from leaderboard.rows import Row, Table, TableKind
from leaderboard.run_table import run_table
from leaderboard.status import CLAIMED_KINDS
from leaderboard.worst_cells import WorstCells, worst_cells

Fact = tuple[str, str]


AMONG: dict[TableKind, str] = {
    "ranked": "ranked rows",
    "open": "open rows",
    "outlier-trained": "rows trained with outlier data",
    "predictions": "predictions",
}
"""Which rows a place is a place among."""

CHOSEN_ON = {"none": "nothing", "val": "validation data", "test": "test data", "unknown": "unknown"}


NO_ANCHORS: Mapping[str, ShownAnchor] = {}


@dataclass(frozen=True)
class ScoreLine:
    title: str
    description: str
    unit: str
    shown: Shown
    covers: str
    why: str = ""
    """Of a missing score: why it is."""


@dataclass(frozen=True)
class RecordView:
    """One record of the submission: where it stands, its numbers, and how to get them again."""

    row: Row
    task: Task
    kind: str
    standing: str
    status: Mark
    marks: tuple[Mark, ...]
    scores: tuple[ScoreLine, ...]
    parts: tuple[PartTable, ...]
    """Training runs, groups, sets and detectors."""
    heat: tuple[HeatTable, ...]
    worst: WorstCells | None
    """Corruptions and severities of lowest accuracy, where a record has many of them."""
    submitted: str
    """What was submitted where it was no model; empty for a model."""
    cost: tuple[Fact, ...]
    run: tuple[Fact, ...]
    commands: tuple[str, ...]


def record_view(
    task: Task, table: Table, row: Row, *, newest_version: bool, anchors: Mapping[str, ShownAnchor] = NO_ANCHORS
) -> RecordView:
    """A record of a task version.

    newest_version: whether its task id alone names this version. anchors: of the task, by arm.
    """
    entry = row.entry
    result = entry.record.result
    cells = sorted_cells(result.cells)
    of_set, others = _family_tables(task, cells.others, anchors)
    lower_is_better = [metric.name for metric in task.also if not metric.higher_is_better]
    return RecordView(
        row=row,
        task=task,
        kind=table.kind,
        standing=_standing(table, row),
        status=status_mark(row.status),
        marks=tuple(marks(task, entry, row.folded)),
        scores=tuple(_score_lines(task, entry)),
        parts=(*of_set, *_parts(task, entry, cells)),
        heat=(*class_tables(cells), *heat_tables(others, lower_is_better)),
        worst=worst_cells(others),
        submitted=_submitted(entry),
        cost=tuple(_cost(entry)),
        run=tuple(_run(entry)),
        commands=tuple(_commands(task, entry, newest_version)),
    )


def _family_tables(
    task: Task, cells: ByName, anchors: Mapping[str, ShownAnchor]
) -> tuple[Sequence[PartTable], Mapping[str, Values]]:
    """The tables of a submitted set, and the cells that belong to none of them."""
    if task.family == "curation":
        return curation_tables(cells, copy_threshold(task.data.dataset), anchors)
    if task.family == "distillation":
        return distillation_tables(cells, copy_threshold(task.data.dataset), anchors)
    return [], cells


def _parts(task: Task, entry: Entry, cells: Cells) -> list[PartTable]:
    detector = entry.record.result.detector
    tables = [
        run_table(task, entry),
        *group_tables(cells),
        set_table(cells),
        *detector_tables(cells, detector.name if detector else ""),
    ]
    return [table for table in tables if table is not None]


def _submitted(entry: Entry) -> str:
    """Which claims a record rests on, in a sentence."""
    kinds = sorted({item.kind for item in entry.record.result.artifacts} & CLAIMED_KINDS)
    if not kinds:
        return ""
    what = {"predictions": "predicted classes", "ood-scores": "out-of-distribution scores"}
    given = " and ".join(what[kind] for kind in kinds)
    places = {item.sha256: item.path or item.hub or item.url for item in entry.submission.artifacts}
    files = [
        f"{places.get(item.sha256) or 'a file no longer listed'} (sha256 {item.sha256[:12]})"
        for item in entry.record.result.artifacts
    ]
    return (
        f"What was submitted: {given}, one entry an image, in {', '.join(files)}. The model itself was not, and nobody "
        "here ran it."
    )


def _standing(table: Table, row: Row) -> str:
    if row.place is None or table.ranking is None:
        return row.reason
    place = row.place
    if len(table.rows) == 1:
        return f"The only row among the {AMONG[table.kind]}."
    among = f"{len(table.rows)} {AMONG[table.kind]}"
    settled = place.lower == place.upper
    possible = ", settled" if settled else f"; anything from {place.lower} to {place.upper} is possible"
    return f"Rank {place.rank} of {among}{possible}. {table.ranking.not_counted}".rstrip()


def _score_lines(task: Task, entry: Entry) -> list[ScoreLine]:
    """The task's metrics in its order, then whatever else the record holds, by name and as plain numbers."""
    known = {metric.name: metric for metric in (task.primary, *task.also)}
    lines = [_line(metric, entry.score(metric.name)) for metric in known.values()]
    for name, score in entry.record.result.scores.items():
        if name not in known:
            lines.append(ScoreLine(name.replace("_", " "), "", "", Shown(f"{score.value:.4f}"), _covers(score)))
    return lines


def _line(metric: Metric, score: Score | None) -> ScoreLine:
    shown = show(metric, score, decimals(metric, [score]))
    why = why_missing(metric) if score is None else ""
    return ScoreLine(metric.title, metric.description, unit_sign(metric), shown, _covers(score), why)


def _covers(score: Score | None) -> str:
    if score is None or score.covers is None:
        return ""
    return f"{score.covered}, n = {score.n:,}" if score.n is not None else score.covered


def _cost(entry: Entry) -> list[Fact]:
    cost = entry.record.result.cost
    if cost is None:
        return []
    flops = "not measured" if cost.flops is None else f"{plain(cost.flops / 1e6, 2)} million"
    return [
        ("Parameters", f"{cost.parameters:,}"),
        ("Operations per forward pass (FLOPs)", flops),
        ("Forward passes per image", f"{cost.forward_passes:,}"),
        ("Weights", byte_count(cost.weight_bytes)),
    ]


def _run(entry: Entry) -> list[Fact]:
    run = entry.record.run
    commit = run.revision.commit[:12] if run.revision.commit else "unknown"
    dirty = " with uncommitted changes" if run.revision.dirty else ""
    return [
        ("Started", run.started),
        ("Duration", f"{plain(run.seconds, 1)} s"),
        ("Machine", run.machine),
        ("Device", f"{run.device}, {run.threads} threads, {run.workers} workers, batches of {run.batch_size}"),
        ("Precision", run.precision),
        (
            "Data",
            run.data_source
            if run.pixels_sha256 is None
            else f"{run.data_copy} by {run.data_source}; pixels {run.pixels_sha256[:12]}",
        ),
        ("Code", commit + dirty),
        ("Versions", ", ".join(f"{name} {version}" for name, version in sorted(run.versions.items()))),
        *(("Note", note) for note in run.notes),
    ]


def _commands(task: Task, entry: Entry, newest_version: bool) -> list[str]:
    task_name = task.id if newest_version else f"{task.id}.v{task.version}"
    tier = "" if entry.record.result.tier == "standard" else f" --{entry.record.result.tier}"
    score = f"mettle score submissions/{entry.name} --task {task_name}{tier}"
    commands = [score, f"mettle verify {entry.path.as_posix()}"]
    if entry.submission.baseline:
        commands.insert(0, f"mettle reproduce {entry.name}")
    return commands


def declared(submission: Submission) -> list[Fact]:
    """What the submission says about itself that the scorer cannot see; "none" is said too."""
    declares = submission.declares

    def listed(items: list[str]) -> str:
        return ", ".join(items) or "none"

    looks = "once" if declares.test_evaluations == 1 else f"{declares.test_evaluations:,} times"
    facts = [
        ("Training data", listed(declares.training_data)),
        ("Pretraining", listed(declares.pretraining)),
        ("Extra data", listed(declares.extra_data)),
        ("Tested corruptions seen in training", listed(declares.corruptions_seen)),
        ("Images outside the classes seen", listed(declares.outlier_data)),
        ("Group labels used", declares.group_labels_used),
        ("Chosen on", CHOSEN_ON[declares.selected_on]),
        ("Test split looked at before", looks if declares.test_evaluations else "never"),
    ]
    for origin in (artifact.provenance for artifact in submission.artifacts if artifact.provenance is not None):
        facts.append(("Own images from", f"{listed(origin.sources)} ({origin.licence})"))
    return facts + [(f"Claimed for {task}", f"{plain(100 * share, 2)} %") for task, share in declares.claims.items()]
