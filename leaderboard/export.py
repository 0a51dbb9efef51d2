"""The tables as data: the same rows as flat records, written as CSV and as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from benchmark.documents import Metric, Score, Task
from leaderboard.entry import Entry
from leaderboard.marks import detector_text
from leaderboard.numbers import first_and_last
from leaderboard.ranking import Place
from leaderboard.reported import ReportedRow
from leaderboard.rows import Row, Table

Flat = dict[str, Any]

AS_THEY_ARE = (float, int, type(None))
"""Types of most fields, which no spreadsheet runs."""

NO_INTERVAL: Flat = dict.fromkeys(("lower", "upper", "covers", "confidence"))
"""Of numbers of one training run and of one part."""

FORMULA_STARTS = ("=", "+", "-", "@")
"""A spreadsheet runs a cell that starts with one of these as a formula."""


def table_records(task: Task, table: Table) -> list[Flat]:
    """The rows of a task's table, in the order shown, values unrounded and in the unit of the record."""
    ranks = [row.place.rank if row.place else 0 for row in table.rows]
    return [_row(task, table, row, ranks) for row in table.rows]


def _row(task: Task, table: Table, row: Row, ranks: Sequence[int]) -> Flat:
    entry, place = row.entry, row.place
    flat: Flat = {
        "task": task.id,
        "version": task.version,
        "table": table.kind,
        "rank": place.rank if place else None,
        "rank_lower": place.lower if place else None,
        "rank_upper": place.upper if place else None,
        "submission": entry.name,
        "title": entry.submission.title,
        "team": entry.submission.team,
        "method": entry.submission.method,
        "baseline": entry.submission.baseline,
        "status": row.status,
        "detector": detector_text(entry) or None,
        "flags": sorted({flag.name for flag in entry.flags}),
        "on_this_machine": entry.local or entry.repeated_here,
    }
    for metric in (task.primary, *task.also):
        flat |= _score(metric, entry.score(metric.name))
    runs = entry.runs(task.primary.name)
    return flat | {
        "runs": list(runs),
        f"{task.primary.name}_runs": list(runs.values()),
        "outlier_data": entry.submission.declares.outlier_data,
        "trained_beyond_given": entry.trained_beyond(task.given_training_data),
        "tied_with": tied_ranks(place, ranks),
        "reason": row.reason,
        "record": entry.record.id,
    }


def tied_ranks(place: Place | None, ranks: Sequence[int]) -> list[str]:
    """The ranks of the rows that a row is tied with, for instance `2 to 4` and `7`; none for a row without a place.

    ranks: of all rows of the table. Ranges, because the names of thousands of tied rows in each of thousands of rows
    would be most of the file; `to`, because a spreadsheet reads `2-4` as a day.
    """
    if place is None:
        return []
    ends = first_and_last(ranks[position] for position in place.tied_with)
    return [f"{first}" if first == last else f"{first} to {last}" for first, last in ends]


def _score(metric: Metric, score: Score | None) -> Flat:
    return {
        metric.name: score.value if score else None,
        f"{metric.name}_lower": score.lower if score else None,
        f"{metric.name}_upper": score.upper if score else None,
        f"{metric.name}_covers": score.covers if score else None,
    }


def reported_records(rows: Sequence[ReportedRow]) -> list[Flat]:
    """Reported results, one record a number."""
    return [
        {**result.model_dump(mode="json"), "licence": row.licence} for row in rows for result in row.values.values()
    ]


def entry_records(task: Task, entry: Entry, status: str) -> list[Flat]:
    """All numbers of one record, scores first, then each training run, then cells: one record a number."""
    result = entry.record.result
    about: Flat = {"task": task.id, "version": task.version, "record": entry.record.id, "status": status}
    scores = [
        {
            **about,
            "run": None,
            "cell": None,
            "metric": name,
            "value": score.value,
            "lower": score.lower,
            "upper": score.upper,
            "covers": score.covers,
            "confidence": score.confidence,
        }
        for name, score in result.scores.items()
    ]
    runs = [
        {**about, "run": run, "cell": None, "metric": name, "value": value, **NO_INTERVAL}
        for run, values in result.replicates.items()
        for name, value in values.items()
    ]
    cells = [
        {**about, "run": None, "cell": cell, "metric": name, "value": value, **NO_INTERVAL}
        for cell, values in result.cells.items()
        for name, value in values.items()
    ]
    return scores + runs + cells


def csv_text(records: Sequence[Flat]) -> str:
    """RFC 4180 with a header; None is an empty field, a list its items joined by a semicolon and a space.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    stream = io.StringIO()
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows(
        [value if type(value) in AS_THEY_ARE else _field(value) for value in map(record.get, names)]
        for record in records
    )
    return stream.getvalue()


def _field(value: object) -> object:
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return _harmless(value) if isinstance(value, str) else value


@lru_cache(maxsize=10_000)  # most texts stand in every line of a file
def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def json_text(records: Sequence[Flat]) -> str:
    """A JSON array, one line a record; numbers are finite, as those of all documents are."""
    lines = b",\n".join(map(to_json, records)).decode()
    return f"[\n{lines}\n]\n" if records else "[]\n"
