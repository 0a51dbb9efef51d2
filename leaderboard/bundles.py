"""Rows over all tasks of a bundle: the anchored mean, who has none and why, and what other rules would say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmark.documents import Score, Submission, Task
from benchmark.documents.bundle import Bundle, BundleTask
from benchmark.documents.readers import read_bundle
from benchmark.errors import MettleError
from benchmark.statistics import (
    Anchors,
    anchored,
    anchored_mean,
    rank_intervals,
    replicate_interval,
    run_spread,
    sum_of_means_interval,
)
from benchmark.statistics.rank_rules import borda_shares, shared_ranks
from leaderboard.collect import TaskKey
from leaderboard.headings import heading
from leaderboard.outcomes import Outcomes
from leaderboard.ranking import CONFIDENCE, Place, Ranking
from leaderboard.rows import Row, Table

MEANS = ("paired_mean", "mcnemar", "delong")
"""Pair tests of scores that are means over images, so that a mean of such scores is one too."""


@dataclass(frozen=True, eq=False)
class Part:
    """One task of a row of a bundle."""

    key: TaskKey
    score: Score
    anchored: float
    """0 at the task's floor, 1 at its ceiling."""
    rank: int
    """Among the ranked rows of the task."""


@dataclass(frozen=True)
class OtherRules:
    """What the order owes to the rule."""

    mean_rank: float
    """Over the tasks, of the ranks held in the task's own table."""
    borda: float | None
    """Share of the other complete rows beaten, mean over tasks; None for a row alone."""
    best: int
    worst: int
    """Ranks among the complete rows by anchored mean, mean rank and Borda's count: the lowest and the highest."""


@dataclass(frozen=True, eq=False)
class BundleRow:
    """A submission with ranked rows in some tasks of the bundle, complete or not."""

    submission: Submission
    parts: dict[TaskKey, Part]
    missing: dict[TaskKey, str]
    """Task -> why there is no score to use."""
    score: Score | None = None
    """The anchored mean with its interval; None where a task is missing."""
    runs: tuple[float, ...] = ()
    """The anchored mean of each training run; none where not all tasks have the same runs."""
    place: Place | None = None
    rules: OtherRules | None = None


@dataclass(frozen=True, eq=False)
class BundleTable:
    bundle: Bundle
    tasks: tuple[Task, ...]
    complete: tuple[BundleRow, ...]
    """Best first."""
    incomplete: tuple[BundleRow, ...]
    """By title."""
    ranking: Ranking | None
    shared_images: bool
    """Whether all tasks show the same images, so that rows are compared image by image across tasks."""


def read_bundles(tasks_dir: Path, tasks: Mapping[TaskKey, Task]) -> list[Bundle]:
    """The bundles in `bundles/` beside the families, by name and version.

    Raises MettleError for a bundle of tasks that are unknown, not ranked, of several tiers or kinds of artifact, or
    whose scores are no means over images.
    """
    bundles = []
    for path in sorted((tasks_dir / "bundles").glob("*.toml")):
        bundle = read_bundle(path)
        _check(path, bundle, tasks)
        bundles.append(bundle)
    return sorted(bundles, key=lambda bundle: (bundle.name, bundle.version))


def _check(path: Path, bundle: Bundle, tasks: Mapping[TaskKey, Task]) -> None:
    found = []
    for member in bundle.tasks:
        task = tasks.get((member.id, member.version))
        if task is None:
            raise MettleError(path, "a bundle holds tasks of this repository", f"{member.id} v{member.version}")
        if not task.ranked or task.pair_test not in MEANS:
            rule = f"a bundle holds tasks that rank by a mean over images ({', '.join(MEANS)})"
            raise MettleError(path, rule, f"{task.id} ({task.pair_test if task.ranked else 'not ranked'})")
        if (member.ceiling > member.floor) != task.primary.higher_is_better:
            raise MettleError(path, "the ceiling is the better end of a task's scores", f"{task.id} {member.ceiling}")
        found.append(task)
    for what, values in (
        ("tier", [task.tier for task in found]),
        ("set of classes", [", ".join(task.data.classes) for task in found]),
    ):
        if len(set(values)) > 1:
            raise MettleError(path, f"the tasks of a bundle have one {what}", " and ".join(sorted(set(values))))
    if not set.intersection(*(set(task.artifacts) for task in found)):
        raise MettleError(path, "the tasks of a bundle take one kind of artifact", "no kind that all take")


def bundle_table(
    bundle: Bundle, tasks: Mapping[TaskKey, Task], board: Mapping[TaskKey, Sequence[Table]]
) -> BundleTable:
    """Everyone with a ranked row in a task of the bundle; those with one in every task are ranked by the anchored mean.

    The order of two rows, and whether they are told apart, rests on their own scores; only mean rank and Borda's
    count depend on who else is there.
    """
    members = {(member.id, member.version): member for member in bundle.tasks}
    ranked = {key: {row.entry.name: row for row in _of_kind(board[key], "ranked")} for key in members}
    submissions = {name: row.entry.submission for rows in ranked.values() for name, row in rows.items()}
    complete: list[tuple[BundleRow, list[np.ndarray]]] = []
    incomplete: list[BundleRow] = []
    for name, submission in submissions.items():
        held = {key: ranked[key][name] for key in members if name in ranked[key]}
        parts = {key: _part(key, tasks[key], members[key], row) for key, row in held.items()}
        missing = {key: _why_missing(tasks[key], board[key], name) for key in members if key not in held}
        row = BundleRow(submission, parts, missing)
        if missing:
            incomplete.append(row)
        else:
            blocks = _per_image(members, tasks, held)
            runs = _runs(members, held, tasks)
            complete.append((replace(row, score=_score(members, parts, blocks, runs), runs=runs), blocks))
    complete.sort(key=lambda item: (-_value(item[0]), item[0].submission.title, item[0].submission.name))
    ranking = _ranking([blocks for _, blocks in complete], [row for row, _ in complete])
    rows = _with_rules([row for row, _ in complete])
    if ranking is not None:
        rows = [replace(row, place=place) for row, place in zip(rows, ranking.places, strict=True)]
    incomplete.sort(key=lambda row: (row.submission.title, row.submission.name))
    found = tuple(tasks[key] for key in members)
    shared = len({_images(task) for task in found}) == 1
    return BundleTable(bundle, found, tuple(rows), tuple(incomplete), ranking, shared)


def _of_kind(tables: Sequence[Table], kind: str) -> tuple[Row, ...]:
    return next((table.rows for table in tables if table.kind == kind), ())


def _why_missing(task: Task, tables: Sequence[Table], name: str) -> str:
    """No record, or in which table of the task its record stands instead."""
    for table in tables:
        if any(row.entry.name == name for row in table.rows):
            return f"in the table “{heading(task, table.kind).title}”, not ranked with the rest"
    return "no record"


def _part(key: TaskKey, task: Task, member: BundleTask, row: Row) -> Part:
    score = row.entry.score(task.primary.name)
    assert score is not None, "collected records have their task's primary score"
    assert row.place is not None, "ranked rows have places"
    return Part(key, score, anchored(score.value, Anchors(member.floor, member.ceiling)), row.place.rank)


def _images(task: Task) -> tuple[str, str, str]:
    """Equal for tasks that show the same images; those of an OOD task are more than its data set's."""
    return (task.data.dataset, task.data.part, task.id if task.pair_test == "delong" else "")


def _per_image(
    members: Mapping[TaskKey, BundleTask], tasks: Mapping[TaskKey, Task], held: Mapping[TaskKey, Row]
) -> list[np.ndarray]:
    """float64 (N_b,) a set of images: what each image gives to the anchored mean; the means of the blocks add up."""
    blocks: dict[tuple[object, ...], np.ndarray] = {}
    for key, row in held.items():
        outcomes = row.entry.outcomes
        assert isinstance(outcomes, Outcomes), "ranked rows have outcomes"
        unit = 100 if tasks[key].primary.unit == "percent" else 1
        floor, ceiling = members[key].floor, members[key].ceiling
        shares = (unit * outcomes.values / outcomes.scale - floor) / (ceiling - floor) / len(held)
        block = (*_images(tasks[key]), outcomes.count)
        blocks[block] = blocks[block] + shares if block in blocks else shares
    return [blocks[block] for block in sorted(blocks, key=str)]


def _runs(
    members: Mapping[TaskKey, BundleTask], held: Mapping[TaskKey, Row], tasks: Mapping[TaskKey, Task]
) -> tuple[float, ...]:
    """The anchored mean of each training run that all tasks name; fewer than two say nothing, so none then."""
    found = {key: row.entry.record.result.training_runs(tasks[key].primary.name) for key, row in held.items()}
    shared = [name for name in next(iter(found.values())) if all(name in runs for runs in found.values())]
    if len(shared) < 2:
        return ()
    ends = {key: Anchors(member.floor, member.ceiling) for key, member in members.items()}
    return tuple(math.fsum(anchored(found[key][name], ends[key]) for key in members) / len(members) for name in shared)


def _score(
    members: Mapping[TaskKey, BundleTask],
    parts: Mapping[TaskKey, Part],
    blocks: list[np.ndarray],
    runs: tuple[float, ...],
) -> Score:
    whole = anchored_mean(
        {key[0]: part.score.value for key, part in parts.items()},
        {member.id: Anchors(member.floor, member.ceiling) for member in members.values()},
    )
    assert whole.value is not None, "a complete row misses no task"
    interval = sum_of_means_interval(blocks, CONFIDENCE)
    if math.isnan(interval.lower):
        return Score(value=whole.value)
    over_runs = replicate_interval(runs, CONFIDENCE)
    half = math.hypot((interval.upper - interval.lower) / 2, (over_runs.upper - over_runs.lower) / 2 if runs else 0.0)
    return Score(
        value=whole.value,
        lower=whole.value - half,
        upper=whole.value + half,
        covers="both" if runs else "test images",
        confidence=CONFIDENCE,
        n=sum(len(block) for block in blocks),
    )


def _value(row: BundleRow) -> float:
    assert row.score is not None
    return row.score.value


def _ranking(blocks: Sequence[list[np.ndarray]], rows: Sequence[BundleRow]) -> Ranking | None:
    """The places of the complete rows, from what each image gives to the whole; None without a complete row.

    Several sets of images are put one behind the other, each weighted by its size; images are then drawn across sets,
    which makes differences a little more uncertain than drawing within each.
    """
    if not blocks:
        return None
    total = sum(len(block) for block in blocks[0])
    scores = np.stack([np.concatenate([block * (total / len(block)) for block in row]) for row in blocks])
    spread = run_spread([row.runs for row in rows])
    result = rank_intervals(scores, CONFIDENCE, runs=spread)
    ranks = shared_ranks(np.round([_value(row) for row in rows], 12))
    places = tuple(
        Place(int(ranks[row]), int(result.lower[row]), int(result.upper[row]), tuple(result.tied_with[row]))
        for row in range(len(blocks))
    )
    apart, alone = result.smallest_separable_difference, result.smallest_detectable_difference
    return Ranking(
        places,
        total,
        result.method,
        apart if math.isfinite(apart) else None,
        detectable_difference=alone if math.isfinite(alone) else None,
        run_sd=spread.typical_sd if spread else None,
    )


def _with_rules(rows: Sequence[BundleRow]) -> list[BundleRow]:
    if not rows:
        return []
    means = [float(np.mean([part.rank for part in row.parts.values()])) for row in rows]
    borda = borda_shares([[part.anchored for part in row.parts.values()] for row in rows])
    by_rule = [shared_ranks(np.round([_value(row) for row in rows], 12)), shared_ranks(-np.array(means))]
    if len(rows) > 1:
        by_rule.append(shared_ranks(np.round(borda, 12)))
    return [
        replace(
            row,
            rules=OtherRules(
                mean_rank=means[index],
                borda=None if math.isnan(borda[index]) else float(borda[index]),
                best=min(int(ranks[index]) for ranks in by_rule),
                worst=max(int(ranks[index]) for ranks in by_rule),
            ),
        )
        for index, row in enumerate(rows)
    ]
