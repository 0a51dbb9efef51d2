"""What a page shows of the results that others reported on a task or protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.documents import Task
from leaderboard.reported import ReportedRow

LONG = 30
"""More rows than this are folded away on a page that has rows of our own."""

TITLES = {
    "near_ood_auroc": "Near-OOD AUROC",
    "far_ood_auroc": "Far-OOD AUROC",
    "id_accuracy": "ID accuracy",
}
UNITS = {"effective_robustness": "points"}
"""Differences of percentages are points."""


@dataclass(frozen=True)
class ReportedMetric:
    name: str
    title: str
    unit: str


@dataclass(frozen=True)
class ReportedView:
    """The rows of one task or protocol, and which of them deserve a second look."""

    rows: tuple[ReportedRow, ...]
    metrics: tuple[ReportedMetric, ...]
    opened: bool
    """Whether the reader sees a long table at once."""

    def __bool__(self) -> bool:
        return bool(self.rows)

    @property
    def checked(self) -> list[ReportedRow]:
        """Rows of which every number was compared with the source."""
        return [row for row in self.rows if row.verified]

    @property
    def unchecked(self) -> list[ReportedRow]:
        return [row for row in self.rows if not row.verified]

    @property
    def odd(self) -> list[ReportedRow]:
        return [row for row in self.rows if row.anomalies]

    @property
    def anomaly_kinds(self) -> list[tuple[str, int]]:
        """Each kind of anomaly with its number of rows; a kind is what stands before a colon."""
        kinds = Counter(kind for row in self.odd for kind in {_kind(text) for text in row.anomalies})
        return sorted(kinds.items(), key=lambda item: (-item[1], item[0]))

    @property
    def long(self) -> bool:
        return len(self.checked) > LONG


def _kind(anomaly: str) -> str:
    return anomaly.partition(":")[0].rstrip(".").lower()


def reported_view(rows: Sequence[ReportedRow], task: Task | None = None, *, opened: bool) -> ReportedView:
    """The rows with the metrics they give: the task's own first, in its order, then by the order of the rows."""
    own = {metric.name: metric.title for metric in (task.primary, *task.also)} if task else {}
    given = dict.fromkeys(name for row in rows for name in row.values)
    ordered = [name for name in own if name in given] + [name for name in given if name not in own]
    metrics = tuple(
        ReportedMetric(name, own.get(name) or reported_title(name), UNITS.get(name, "%")) for name in ordered
    )
    return ReportedView(tuple(rows), metrics, opened)


def reported_title(name: str) -> str:
    """A metric's name as words."""
    return TITLES.get(name, name.replace("_", " ").capitalize())
