"""A record's accuracy by group: one table an attribute, each group with what chance alone would give it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from benchmark.documents import Score
from benchmark.statistics.interval import normal_quantile
from leaderboard.cells import Cells, Values
from leaderboard.heat import HeatTable, heat_table, in_order, words
from leaderboard.interval_plot import interval_plot, shared_axis
from leaderboard.numbers import plain
from leaderboard.part_table import PartCell, PartColumn, PartRow, PartTable, count_cell, share_cell
from leaderboard.ranking import CONFIDENCE
from leaderboard.svg import Scale

SMALLEST_RANKED_GROUP = 30
"""Images a group needs to be called the worst one."""


def group_tables(cells: Cells) -> list[PartTable]:
    """One table an attribute: its groups with their images, accuracy, interval and the band of chance."""
    return [_table(attribute, levels) for attribute, levels in cells.groups.items()]


def class_tables(cells: Cells) -> list[HeatTable]:
    """One heat table an attribute: classes down, groups across; an empty cell is a dash."""
    tables = []
    for attribute, classes in cells.classes.items():
        grid = {
            name: {level: values["accuracy"] for level, values in levels.items() if "accuracy" in values}
            for name, levels in classes.items()
        }
        levels = in_order({level: None for by_level in classes.values() for level in by_level})
        tables.append(heat_table(f"Accuracy by class and {words(attribute)}", grid, levels, first="Class", mean=False))
    return tables


def chance_band(accuracy: float, images: float, groups: int) -> tuple[float, float]:
    """Where a group of so many images falls, by chance alone, if it is as easy as the whole.

    accuracy: of all groups together, in [0, 1]. The band holds for all groups of the attribute at once (Bonferroni over
    `groups`), by the normal approximation, and ends at 0 and 1.
    """
    level = 1 - (1 - CONFIDENCE) / groups
    half = normal_quantile(level) * math.sqrt(accuracy * (1 - accuracy) / images)
    return max(accuracy - half, 0.0), min(accuracy + half, 1.0)


def _table(attribute: str, levels: Mapping[str, Values]) -> PartTable:
    known = {
        level: levels[level] for level in in_order(levels) if levels[level].get("n") and "accuracy" in levels[level]
    }
    images = sum(values["n"] for values in known.values())
    mean = sum(values["n"] * values["accuracy"] for values in known.values()) / images if images else math.nan
    bands = {level: chance_band(mean, values["n"], len(known)) for level, values in known.items()}
    axis = shared_axis([_score(values) for values in levels.values()], bands.values())
    rows = tuple(_row(level, levels[level], axis, bands.get(level)) for level in in_order(levels))
    outside = [level for level, (low, high) in bands.items() if not low <= known[level]["accuracy"] <= high]
    bounded = sum("lower" in values and "upper" in values for values in known.values())
    intervals = f", with {100 * CONFIDENCE:g} % intervals" if bounded else ""
    if 0 < bounded < len(known):
        intervals += " where there are any"
    caption = (
        f"Accuracy in % of each group{intervals}. The shaded band is about where a group "
        f"of its size falls by chance alone if all {len(known)} are equally hard (together: {plain(100 * mean, 2)} %)."
        if known
        else "Accuracy in % of each group."
    )
    if known:
        caption += f" {len(outside)} of {len(known)} lie outside." if outside else " None lies outside."
    columns = (
        PartColumn("Images", best="high"),
        PartColumn("Accuracy %", best="high"),
        PartColumn("Drawn", number=False),
    )
    return PartTable(f"By {words(attribute)}", caption, words(attribute).capitalize(), columns, rows)


def _row(level: str, values: Values, axis: Scale | None, band: tuple[float, float] | None) -> PartRow:
    score = _score(values)
    drawing = interval_plot(score, axis, band=band)
    accuracy = share_cell(values, "accuracy", interval=True)
    few = 0 < values.get("n", 0) < SMALLEST_RANKED_GROUP
    mark = f"fewer than {SMALLEST_RANKED_GROUP} images" if few else ""
    return PartRow(level, (count_cell(values), accuracy, PartCell("", drawing=drawing)), mark)


def _score(values: Values) -> Score | None:
    """A cell as a score, for drawing; None where the group is empty."""
    if "accuracy" not in values:
        return None
    if "lower" not in values or "upper" not in values:
        return Score(value=values["accuracy"])
    return Score(
        value=values["accuracy"],
        lower=values["lower"],
        upper=values["upper"],
        covers="test images",
        confidence=CONFIDENCE,
    )
