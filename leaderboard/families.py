"""The five families of tasks, in the order of the site, each with what it asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.documents import Task


@dataclass(frozen=True)
class Family:
    name: str
    title: str
    question: str


FAMILIES = (
    Family("corruption", "Corruption and stability", "Does it still work on damaged and on slightly moved images?"),
    Family("subgroup", "Subgroups", "Whom does the mean accuracy leave behind?"),
    Family(
        "ood", "Out of distribution", "Does it notice what it does not know, and does it last on newly collected data?"
    ),
    Family("distillation", "Distilled data", "How much training data fits into a few synthetic images?"),
    Family("curation", "Curated data", "Which images are worth training on, and which labels are wrong?"),
)


def by_family(tasks: Iterable[Task]) -> list[tuple[Family, list[Task]]]:
    """The tasks of each family that has some, in the order of `FAMILIES` and of the tasks given."""
    found: dict[str, list[Task]] = {}
    for task in tasks:
        found.setdefault(task.family, []).append(task)
    return [(family, found[family.name]) for family in FAMILIES if family.name in found]
