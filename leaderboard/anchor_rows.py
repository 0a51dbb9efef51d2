"""The anchors of a record as rows below its nets."""

from __future__ import annotations

import math
from collections.abc import Mapping

from leaderboard.anchors import ShownAnchor
from leaderboard.cells import ByName, Values
from leaderboard.numbers import MISSING, plain
from leaderboard.part_table import PartCell, PartRow, share_cell


def anchor_rows(anchors: ByName, titles: Mapping[str, str], frozen: Mapping[str, ShownAnchor]) -> list[PartRow]:
    """A row for each anchor a record was scored with: its mean accuracy, and no training loss.

    anchors: a record's cells by arm. titles: by arm. frozen: the anchors of the task, for errors, which records lack.
    """
    return [
        PartRow(
            titles.get(arm, arm),
            (share_cell(values, "accuracy"), PartCell(MISSING)),
            mark=_of_nets(values, frozen.get(arm)),
        )
        for arm, values in anchors.items()
    ]


def _of_nets(values: Values, frozen: ShownAnchor | None) -> str:
    """How many nets an anchor is a mean of, and its error where the task's anchor is still the record's."""
    nets = f"{values['runs']:.0f} nets" if "runs" in values else ""
    if frozen is None or not math.isclose(values.get("accuracy", math.nan), frozen.mean):
        return nets
    return f"{nets}, standard error {plain(100 * frozen.error, 2)}".removeprefix(", ")
