"""Reported results as rows: one a method, with the numbers its source gives for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.documents import ReportedResult, ReportedResults


@dataclass(frozen=True)
class ReportedRow:
    """All numbers of one method in one source."""

    first: ReportedResult
    """Its method, architecture, source and so on stand for the whole row."""
    values: dict[str, ReportedResult]
    """By metric."""
    notes: tuple[str, ...]
    licence: str

    @property
    def verified(self) -> bool:
        """Whether every number was checked against the source."""
        return all(result.verified for result in self.values.values())

    @property
    def anomalies(self) -> tuple[str, ...]:
        """What was found odd about the row, one sentence each."""
        return tuple(dict.fromkeys(text for result in self.values.values() for text in result.anomalies))

    def percent(self, metric: str) -> float | None:
        """The value of a metric in percent; None where the source gives none."""
        result = self.values.get(metric)
        if result is None:
            return None
        return result.value * (100 if result.unit == "share" else 1)


def reported_rows(documents: Iterable[ReportedResults], task: str, primary: str | None = None) -> list[ReportedRow]:
    """The rows about a task (or an external protocol), by the primary metric from high to low, then by method.

    Rows without that metric come last. Two numbers for one metric of one method make two rows.
    """
    rows: dict[tuple[object, ...], list[ReportedRow]] = {}
    for document in documents:
        for result in document.rows:
            if result.task == task:
                key = (result.method, result.architecture, result.source, result.paper, document.title)
                _add(rows.setdefault(key, []), result, document.licence)
    everything = [row for same in rows.values() for row in same]

    def order(row: ReportedRow) -> tuple[bool, float, str]:
        value = row.percent(primary) if primary is not None else None
        return (value is None, -(value or 0.0), row.first.method)

    return sorted(everything, key=order)


def _add(rows: list[ReportedRow], result: ReportedResult, licence: str) -> None:
    """Put a number into the first row of its method that has none of that metric."""
    for index, row in enumerate(rows):
        if result.metric not in row.values:
            notes = row.notes if not result.note or result.note in row.notes else (*row.notes, result.note)
            rows[index] = ReportedRow(row.first, {**row.values, result.metric: result}, notes, licence)
            return
    rows.append(ReportedRow(result, {result.metric: result}, (result.note,) if result.note else (), licence))


def external_protocols(documents: Iterable[ReportedResults], tasks: Iterable[str]) -> list[str]:
    """Names that reported results give in place of one of our task ids, sorted."""
    ours = set(tasks)
    return sorted({result.task for document in documents for result in document.rows} - ours)
