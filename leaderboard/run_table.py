"""The scores of each training run, or of each hold-out pair, beside their mean."""

from __future__ import annotations

from benchmark.documents import Task
from leaderboard.entry import Entry
from leaderboard.numbers import MISSING, decimals, number, unit_sign
from leaderboard.part_table import PartCell, PartColumn, PartRow, PartTable


def run_table(task: Task, entry: Entry) -> PartTable | None:
    """One row a metric, one column a run; None for a record of a single run."""
    runs = entry.record.result.replicates
    if len(runs) < 2:
        return None
    rows = []
    for metric in (task.primary, *task.also):
        values = {name: scores[metric.name] for name, scores in runs.items() if metric.name in scores}
        if not values:
            continue
        digits = decimals(metric, [entry.score(metric.name)])
        cells = tuple(
            PartCell(number(values[name], metric, digits), values[name]) if name in values else PartCell(MISSING)
            for name in runs
        )
        unit = unit_sign(metric)
        rows.append(PartRow(f"{metric.title} {unit}".rstrip(), cells))
    caption = f"The {len(runs)} parts behind each score above: trained apart, scored on images of one test set."
    return PartTable("Run by run", caption, "Metric", tuple(PartColumn(name) for name in runs), tuple(rows))
