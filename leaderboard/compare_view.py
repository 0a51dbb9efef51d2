"""What the page that compares rows of a task needs: their scores, and the pair test of every two, precomputed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from markupsafe import Markup

from benchmark.documents import Metric, Score, Task
from benchmark.statistics import run_spread
from benchmark.statistics.all_pairs import AllPairs, paired_differences, run_differences
from leaderboard.headings import heading
from leaderboard.marks import marks, status_mark
from leaderboard.missing import why_missing
from leaderboard.numbers import decimals, factor, show, unit_sign
from leaderboard.outcomes import Outcomes, averaged_score
from leaderboard.ranking import CONFIDENCE
from leaderboard.rows import Row, Table
from leaderboard.table_island import Numbered, json_island

MOST_ROWS = 200
"""Rows of a task that can be compared: the first of its tables, and all runs of this machine."""

WIDTH_STEPS = 1000
"""A half-width is written in thousandths of a point."""
P_STEPS = 1000
"""A p-value is written as thousandths of its negative decimal logarithm: to a quarter of a percent of itself."""
SMALLEST_P = 1e-99


def compared_rows(tables: Sequence[Table]) -> list[tuple[Table, Row]]:
    """The rows that can be compared, table by table."""
    found = [(table, row) for table in tables for row in table.rows]
    return found[:MOST_ROWS] + [(table, row) for table, row in found[MOST_ROWS:] if row.entry.local]


def compare_island(task: Task, tables: Sequence[Table], keys: Mapping[str, str]) -> Markup:
    """The data of the page; empty where there are no two rows to compare.

    `keys`: of all rows (`task_view.row_keys`). Of every two rows, in the order (0, 1), (0, 2), ...: `width`, half the
    interval of their difference, and `p`; null where the outcomes bound nothing. `tied`: for each row the later rows
    of the same table that its ranking could not tell apart from it.
    """
    placed = compared_rows(tables)
    if len(placed) < 2:
        return Markup("")
    pairs = all_pairs(task, [row.entry.outcomes for _, row in placed])
    metrics = (task.primary, *task.also)
    compared = compared_metric(task)
    digits = {metric.name: decimals(metric, [row.entry.score(metric.name) for _, row in placed]) for metric in metrics}
    rows, numbered = [], Numbered()
    for table, row in placed:
        shown = [show(metric, row.entry.score(metric.name), digits[metric.name]) for metric in metrics]
        averaged = row.entry.score(compared.name)
        assert averaged is not None, "collected records have the score that their outcomes average to"
        rows.append(
            {
                "key": keys[row.entry.record.id],
                "name": row.entry.name,
                "title": row.entry.submission.title,
                "team": row.entry.submission.team,
                "table": heading(task, table.kind).title,
                "marks": [numbered(mark) for mark in (status_mark(row.status), *marks(task, row.entry, row.folded))],
                "standing": _standing(table, row),
                "value": factor(compared) * averaged.value,
                "scores": [[one.value, one.interval] for one in shown],
                "best": [_comparable(row.entry.score(metric.name)) for metric in metrics],
            }
        )
    return json_island(
        {
            "primary": compared.title,
            "unit": "points" if unit_sign(compared) in ("%", "points") else "",
            "metrics": [
                {
                    "title": metric.title,
                    "about": metric.description,
                    "unit": unit_sign(metric),
                    "higher": None if metric.direction == "none" else metric.higher_is_better,
                    "why": why_missing(metric),
                }
                for metric in metrics
            ],
            "rows": rows,
            "marks": [vars(mark) for mark in numbered.items],
            "tied": _tied(placed),
            "confidence": CONFIDENCE,
            **_pairs(task, pairs, len(placed)),
        }
    )


def compared_metric(task: Task) -> Metric:
    """The metric that differences are shown in: the one outcomes average to, which a gain is a multiple of."""
    return next(metric for metric in (task.primary, *task.also) if metric.name == averaged_score(task))


def all_pairs(task: Task, outcomes: Sequence[Outcomes | None]) -> AllPairs | None:
    """The pair test of every two rows, in shares; nan and p = 1 with a row that keeps no outcomes.

    None for a worst group: whether one is better is a question about all groups, which the ranking answers for all
    rows together; no interval of a difference goes with it.
    """
    known = [index for index, row in enumerate(outcomes) if row is not None]
    rows = [row for row in outcomes if row is not None]
    if task.pair_test == "worst_group" or len(rows) < 2:
        return None
    if task.pair_test == "training_runs":
        found = run_differences([row.values / row.scale for row in rows], CONFIDENCE)
    else:
        common = math.lcm(*(row.scale for row in rows))
        counts = np.stack([row.values.astype(np.int64) * (common // row.scale) for row in rows])
        found = paired_differences(
            counts / common if common > 1 else counts, CONFIDENCE, run_spread([row.runs for row in rows])
        )
    half_width, p_value = (np.full((len(outcomes), len(outcomes)), fill) for fill in (math.nan, 1.0))
    half_width[np.ix_(known, known)] = found.half_width
    p_value[np.ix_(known, known)] = found.p_value
    return AllPairs(half_width, p_value)


def _pairs(task: Task, pairs: AllPairs | None, count: int) -> dict[str, Any]:
    if pairs is None:
        return {"width": None, "p": None}
    # A metric in percent keeps outcomes in shares, as one in shares does.
    steps = WIDTH_STEPS * (100 if compared_metric(task).unit in ("share", "points", "percent") else 1)
    places = list(combinations(range(count), 2))
    widths = [pairs.half_width[place] for place in places]
    logs = [-math.log10(max(float(pairs.p_value[place]), SMALLEST_P)) for place in places]
    known = [math.isfinite(width) for width in widths]
    return {
        "width": [round(steps * float(width)) if ok else None for width, ok in zip(widths, known, strict=True)],
        "p": [abs(round(P_STEPS * log)) if ok else None for log, ok in zip(logs, known, strict=True)],
    }


def _tied(placed: Sequence[tuple[Table, Row]]) -> list[list[int] | None]:
    """For each row the later rows of its table it is tied with; None for a row without a place."""
    position = {(id(table), id(row)): index for index, (table, row) in enumerate(placed)}
    found: list[list[int] | None] = []
    for index, (table, row) in enumerate(placed):
        if row.place is None:
            found.append(None)
            continue
        others = (position.get((id(table), id(table.rows[other]))) for other in row.place.tied_with)
        found.append([other for other in others if other is not None and other > index])
    return found


def _standing(table: Table, row: Row) -> str:
    if row.place is None:
        return row.reason
    place, count = row.place, len(table.rows)
    if count == 1:
        return "the only row"
    if place.lower == place.upper:
        return f"rank {place.rank} of {count}, settled"
    return f"rank {place.rank} of {count}, {place.lower} to {place.upper} possible"


def _comparable(score: Score | None) -> float | None:
    return None if score is None else score.value
