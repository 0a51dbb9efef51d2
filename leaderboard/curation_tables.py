"""A record of a chosen training set: its nets beside the anchors, its classes, what its ranking finds, its copies."""

from __future__ import annotations

from collections.abc import Mapping

from leaderboard.anchor_rows import anchor_rows
from leaderboard.anchors import ShownAnchor
from leaderboard.cells import ByName, Values, cells_of_kinds
from leaderboard.copy_tables import COPY_KINDS, copy_tables
from leaderboard.numbers import MISSING, plain
from leaderboard.part_table import PartCell, PartColumn, PartRow, PartTable, share_cell

KINDS = ("run", "anchor", "chosen", "debug", *COPY_KINDS)
ANCHORS = {
    "random": "Balanced random choices, a mean",
    "oracle": "Balanced random choices of clean images, a mean",
}


def curation_tables(
    cells: ByName, threshold: float, anchors: Mapping[str, ShownAnchor]
) -> tuple[list[PartTable], dict[str, Values]]:
    """The tables of this family, and the cells that belong to none of them.

    cells: by name, `run:<n>`, `anchor:<arm>`, `chosen:class/<name>`, `debug:<kind of dirt>`, and of own images
    `copy:<image>` and `pair:<image>`, among others. threshold: of near copies, as `copy_tables` says.
    anchors: of the task, by arm, for their errors, which records do not hold.
    """
    kinds, others = cells_of_kinds(cells, KINDS)
    made = (
        _nets(kinds["run"], kinds["anchor"], anchors),
        _classes(kinds["chosen"]),
        _debug(kinds["debug"]),
        *copy_tables(kinds, threshold),
    )
    return [table for table in made if table is not None], others


def _nets(runs: ByName, anchors: ByName, frozen: Mapping[str, ShownAnchor]) -> PartTable | None:
    if not runs:
        return None
    rows = [PartRow(f"Net {run}", (share_cell(values, "accuracy"), _loss(values))) for run, values in runs.items()]
    rows += anchor_rows(anchors, ANCHORS, frozen)
    columns = (
        PartColumn("Test accuracy %", best="high"),
        PartColumn("Training loss", "Mean over the last epoch, on labels as they were given.", "low"),
    )
    caption = "Every net was trained on the same examples from another seed." + (
        " Anchors are frozen: each of their nets had a choice of its own." if anchors else ""
    )
    return PartTable("Net by net", caption, "Net", columns, tuple(rows))


def _loss(values: Values) -> PartCell:
    loss = values.get("train_loss")
    return PartCell(MISSING) if loss is None else PartCell(plain(loss, 3), loss)


def _classes(shares: ByName) -> PartTable | None:
    if not shares:
        return None
    rows = tuple(
        PartRow(name.removeprefix("class/"), (share_cell(values, "share", digits=1),))
        for name, values in shares.items()
    )
    caption = "How often each class is drawn in training, by the labels of the choice."
    return PartTable("What was chosen", caption, "Class", (PartColumn("Share %", best="high"),), rows)


def _debug(kinds: ByName) -> PartTable | None:
    """The kinds of dirt by how well a ranking finds them."""
    if not kinds:
        return None
    found = list(dict.fromkeys(key for values in kinds.values() for key in values if key.startswith("found_at_")))
    columns = (
        PartColumn("AP %", "Average precision; a random order has the share of this dirt in the pool.", "high"),
        PartColumn("AUROC %", "A random order has 50.", "high"),
        *(
            PartColumn(
                f"Found in {percent} %", f"Share of the dirt in the most suspect {percent} % of the pool.", "high"
            )
            for percent in (key.removeprefix("found_at_") for key in found)
        ),
    )
    rows = tuple(
        PartRow(
            kind.capitalize(),
            tuple(share_cell(values, key, digits=1) for key in ("average_precision", "auroc", *found)),
        )
        for kind, values in kinds.items()
    )
    caption = "What the suspicion ranking finds, counted from its order: no net was trained for this."
    return PartTable("What the ranking finds", caption, "Dirt", columns, rows, wide=True)
