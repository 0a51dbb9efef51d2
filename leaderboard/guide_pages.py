"""Pages for those who want to take part or to keep up: how to submit, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.documents import Task
from leaderboard.collect import Collection
from leaderboard.events import Event, by_day, events
from leaderboard.families import Family, by_family
from leaderboard.marks import Mark, status_mark
from leaderboard.numbers import decimals, show, unit_sign
from leaderboard.site import Site
from leaderboard.status import EXPLAINED, status_of

MOST_EVENTS = 1000
"""On the page; older ones are in the records, where all of them come from."""

WORDS: dict[str, str] = {
    "void": "Found invalid",
    "withdrawn": "Withdrawn",
    "supersedes": "Replaces an older record",
    "reproduced": "Reproduced",
    "measured": "Measured",
    "scored": "Scored",
    "reported": "Reported results added",
}


@dataclass(frozen=True)
class Item:
    """One event of a line: who, and with which score."""

    event: Event
    score: str
    status: Mark | None


def submit_page(site: Site, tasks: Sequence[tuple[Task, str]]) -> None:
    """How a model, its predictions or a data set gets onto the board. `tasks`: with the paths of their pages."""
    paths = {(task.id, task.version): path for task, path in tasks}
    active = [task for task, _ in tasks if task.state == "active"]
    families: list[tuple[Family, list[Task]]] = by_family(active)
    site.page("submit.html", "submit.html.j2", families=families, paths=paths, statuses=EXPLAINED)


def changes_page(site: Site, collection: Collection, paths: dict[tuple[str, int], str]) -> None:
    """What happened on the board, day by day. `paths`: of the pages of the tasks."""
    happened = events(collection)
    days = [
        (day, [(WORDS[line[0].kind], line[0].task, _items(line)) for line in lines])
        for day, lines in by_day(happened[:MOST_EVENTS])
    ]
    older = max(len(happened) - MOST_EVENTS, 0)
    site.page("changes.html", "changes.html.j2", days=days, older=older, paths=paths)


def _items(line: Sequence[Event]) -> list[Item]:
    """The events of one kind on one task, or of reported results; scores with the digits that all of them support."""
    task = line[0].task
    if task is None:
        return [Item(event, "", None) for event in line]
    metric, unit = task.primary, unit_sign(task.primary)
    scores = [event.entry.score(metric.name) if event.entry else None for event in line]
    digits = decimals(metric, scores)
    texts = [f"{show(metric, score, digits).value} {unit}".rstrip() for score in scores]
    return [Item(event, text, _standing(event)) for event, text in zip(line, texts, strict=True)]


def _standing(event: Event) -> Mark | None:
    """What a reader must know about a record that was only scored so far."""
    if event.entry is None or event.kind != "scored" or event.entry.attestations:
        return None
    if event.entry.local:
        return Mark("this machine", "Scored on the machine that built this page.")
    return status_mark(status_of(event.entry.record, ()))
