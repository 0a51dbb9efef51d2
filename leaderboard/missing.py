"""Scores that are not there: what a dash says, and which metrics a table has no column for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from benchmark.documents import Metric, Score
from leaderboard.rows import Table

ANCHORED = frozenset({"lift", "recovery", "normalized_gain"})
"""Metrics that set a score against frozen anchors."""


def why_missing(metric: Metric) -> str:
    """Why a record may lack the metric, in a sentence."""
    if metric.name in ANCHORED:
        return "Not in this record: it needs measured anchors and the standard training."
    return "Not in this record: what it rests on was not measured, not submitted, or left out by a quick run."


def left_out(metrics: Sequence[Metric], tiers: Collection[str] = ("standard",)) -> str:
    """The metrics that no row of a table has, in a sentence or two; empty for none. tiers: of the table's rows."""
    if not metrics:
        return ""
    text = f"No row has {'this' if len(metrics) == 1 else 'these'} yet: {_listed(metrics)}."
    if "standard" not in tiers:
        return f"{text} Quick and fast runs leave out what needs the standard training."
    anchored = [metric for metric in metrics if metric.name in ANCHORED]
    if not anchored:
        return text
    if len(anchored) == len(metrics):
        return f"{text} {'Its' if len(metrics) == 1 else 'Their'} anchors were not measured when the rows were scored."
    return f"{text} The anchors of {_listed(anchored)} were not measured when the rows were scored."


def unseen_metrics(metrics: Iterable[Metric], tables: Collection[Table]) -> frozenset[str]:
    """Names of the metrics that no row of any table has; none where there are no tables."""
    if not any(table.rows for table in tables):
        return frozenset()
    return frozenset(metric.name for metric in metrics if not any(scores_of(metric, tables)))


def scores_of(metric: Metric, tables: Iterable[Table]) -> list[Score | None]:
    """What each row of the tables has of a metric."""
    return [row.entry.score(metric.name) for table in tables for row in table.rows]


def _listed(metrics: Sequence[Metric]) -> str:
    """Their titles, some of which have commas of their own."""
    titles = [metric.title for metric in metrics]
    return ("; " if any("," in title for title in titles) else ", ").join(titles)
