"""What happened on the board, and when: derived from records, attestations and reported results, never written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, get_args

from benchmark.documents import ReportedResults, Task
from leaderboard.collect import Collection
from leaderboard.entry import Entry

EventKind = Literal["void", "withdrawn", "supersedes", "reproduced", "measured", "scored", "reported"]
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
"""In the order of a day: what takes something back comes first."""


@dataclass(frozen=True, eq=False)
class Event:
    """One statement, dated; about a record (`task` and `entry`) or about reported results (`document`)."""

    date: str
    """YYYY-MM-DD."""
    kind: EventKind
    task: Task | None = None
    entry: Entry | None = None
    reason: str = ""
    document: ReportedResults | None = None

    @property
    def numbers(self) -> int:
        """Reported numbers retrieved on that day."""
        if self.document is None:
            return 0
        return Counter(row.retrieved for row in self.document.rows)[self.date]


def events(collection: Collection) -> list[Event]:
    """Everything that happened, newest day first; within a day by kind, task and submission.

    A record is scored on the day its run started. One that was measured on that very day is one event, not two. Runs of
    this machine count from the day they ran. Reported results count from the day they were retrieved.
    """
    found = []
    for key, entries in collection.entries.items():
        for entry in entries:
            task = collection.tasks[key]
            scored = entry.record.run.started[:10]
            said = [Event(item.date, item.kind, task, entry, item.reason) for item in entry.attestations]
            found += said
            if not any(event.kind == "measured" and event.date == scored for event in said):
                found.append(Event(scored, "scored", task, entry))
    for document in collection.reported:
        days = sorted({row.retrieved for row in document.rows})
        found += [Event(day, "reported", document=document) for day in days]
    found.sort(key=_within_a_day)
    return sorted(found, key=lambda event: event.date, reverse=True)


def _within_a_day(event: Event) -> tuple[int, str, int, str, str]:
    kind = EVENT_KINDS.index(event.kind)
    if event.task is None or event.entry is None:
        return (kind, event.document.title if event.document else "", 0, "", "")
    return (kind, event.task.id, event.task.version, event.entry.name, event.entry.record.id)


def by_day(happened: list[Event]) -> list[tuple[str, list[list[Event]]]]:
    """Days with their events, grouped by kind and task: one line of the page each."""

    def line(event: Event) -> tuple[str, str, int]:
        return (event.kind, event.task.id if event.task else "", event.task.version if event.task else 0)

    return [
        (day, [list(members) for _, members in groupby(of_day, key=line)])
        for day, of_day in groupby(happened, key=lambda event: event.date)
    ]
