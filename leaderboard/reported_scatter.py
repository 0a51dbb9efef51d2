"""The plot of an external protocol: two numbers that its source prints for each method, against each other."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboard.axis import Axis, LogitAxis, logit
from leaderboard.plot import NO_PLOT, Plot
from leaderboard.reported import ReportedRow
from leaderboard.reported_view import reported_title
from leaderboard.scatter import Line, Point, scatter
from leaderboard.task_scatter import LINE_READING, NEAR_AND_FAR_LINE, NEAR_AND_FAR_READING

LEAST_FOR_A_LINE, MOST_FOR_A_LINE = 5.0, 95.0
"""Percent: accuracies outside are clipped or rounded too coarsely to tell which line was used."""


def reported_scatter(protocol: str, rows: Sequence[ReportedRow]) -> Plot:
    """Near against far AUROC, or accuracy under shift against accuracy without; empty for other numbers."""
    given = {name for row in rows for name in row.values}
    if {"near_ood_auroc", "far_ood_auroc"} <= given:
        axes, lines, axis, reading = (
            ("far_ood_auroc", "near_ood_auroc"),
            [NEAR_AND_FAR_LINE],
            Axis,
            NEAR_AND_FAR_READING,
        )
    elif {"accuracy", "id_accuracy"} <= given:
        axes, lines, axis, reading = ("id_accuracy", "accuracy"), line_behind(rows), LogitAxis, LINE_READING
    else:
        return NO_PLOT
    points = []
    for index, row in enumerate(rows, 1):
        x, y = row.percent(axes[0]), row.percent(axes[1])
        if row.verified and x is not None and y is not None:
            odd = f" ({' '.join(row.anomalies)})" if row.anomalies else ""
            points.append(
                Point(x, y, f"{row.first.method}: {y:.2f} against {x:.2f}{odd}", link=f"#reported-{index}", hollow=True)
            )
    titles = [reported_title(name) for name in axes]
    drawing = scatter(
        points,
        title=f"{protocol}: {titles[1]} against {titles[0]}",
        x_title=f"{titles[0]} (%)",
        y_title=f"{titles[1]} (%)",
        name="scatter",
        lines=lines,
        across=axis,
        up=axis,
    )
    return Plot(drawing, f"{reading} Each dot leads to its row.")


def line_behind(rows: Sequence[ReportedRow]) -> list[Line]:
    """The line between log odds from which the reported effective robustness was measured, from two of its points.

    Accuracy less effective robustness is what the line predicts; the two rows furthest apart give it. None where fewer
    than two rows have all three numbers, away from 0 and 100.
    """
    known = []
    for row in rows:
        x, y, above = (row.percent(name) for name in ("id_accuracy", "accuracy", "effective_robustness"))
        if x is not None and y is not None and above is not None:
            predicted = y - above
            if all(LEAST_FOR_A_LINE <= value <= MOST_FOR_A_LINE for value in (x, predicted)):
                known.append((logit(x), logit(predicted)))
    if len(known) < 2 or min(known)[0] == max(known)[0]:
        return []
    (low, at_low), (high, at_high) = min(known), max(known)
    slope = (at_high - at_low) / (high - low)
    return [
        Line(slope, at_low - slope * low, "Line: accuracy under shift as usual for an accuracy without", "fit"),
        Line(1, 0, "Dashed: nothing lost under shift", "diagonal"),
    ]
