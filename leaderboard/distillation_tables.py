"""A record of a distilled set: its nets, nets of other architectures, and which test images its images resemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leaderboard.anchor_rows import anchor_rows
from leaderboard.anchors import ShownAnchor
from leaderboard.cells import ByName, Values, cells_of_kinds
from leaderboard.copy_tables import COPY_KINDS, copy_tables
from leaderboard.numbers import MISSING, plain
from leaderboard.part_table import PartCell, PartColumn, PartRow, PartTable, count_cell, share_cell

KINDS = ("net", "anchor", "architecture", "own", "own_bytes", *COPY_KINDS)
ARCHITECTURES = {
    "convnet2": "ConvNet-2",
    "convnet3_bn": "ConvNet-3 with batch norm",
    "convnet4_bn": "ConvNet-4 with batch norm",
    "mlp": "MLP",
    "lenet5": "LeNet-5",
}
ANCHORS = {"random": "Random real images, a mean over subsets", "whole": "The whole training set, a mean"}
NEEDED = {"set": "The set's own arrays", "teacher": "Teacher's weights", "whitening": "Whitening"}
ACCURACY = PartColumn("Test accuracy %", best="high")
BYTES = PartColumn("Bytes")
LOSS = PartColumn("Training loss", "Mean over the last epoch, after the augmentation.", "low")


def distillation_tables(
    cells: ByName, threshold: float, frozen: Mapping[str, ShownAnchor]
) -> tuple[list[PartTable], dict[str, Values]]:
    """The tables of this family, and the cells that belong to none of them.

    cells: by name, `net:<seed>`, `anchor:<arm>`, `architecture:<name>`, `own:<seed>`, `own_bytes:<of what>`,
    `copy:<image>` and `pair:<image>` among others. threshold: of near copies, as `copy_tables` says.
    frozen: the anchors of the task, by arm, for their errors.
    """
    kinds, others = cells_of_kinds(cells, KINDS)
    made = (
        _nets(
            "Net by net",
            "The nets behind the primary score, each from a seed of its own."
            + (" Anchors are frozen, and were tested on the same images." if kinds["anchor"] else ""),
            "Net",
            kinds["net"],
            anchor_rows(kinds["anchor"], ANCHORS, frozen),
        ),
        _nets(
            "Other architectures",
            "One net each, trained in the same way; they were not what the set was made for.",
            "Architecture",
            {ARCHITECTURES.get(name, name): values for name, values in kinds["architecture"].items()},
        ),
        _nets("Own recipe", "Nets trained by the set's own recipe; never ranked.", "Net", kinds["own"]),
        _bytes(kinds["own_bytes"]),
        *copy_tables(kinds, threshold),
    )
    return [table for table in made if table is not None], others


def _nets(title: str, caption: str, first: str, nets: ByName, below: Sequence[PartRow] = ()) -> PartTable | None:
    if not nets:
        return None
    rows = [PartRow(name, (share_cell(values, "accuracy"), _loss(values))) for name, values in nets.items()]
    return PartTable(title, caption, first, (ACCURACY, LOSS), (*rows, *below))


def _bytes(needed: ByName) -> PartTable | None:
    if not needed:
        return None
    rows = tuple(PartRow(NEEDED.get(of, of), (count_cell(values, "bytes"),)) for of, values in needed.items())
    return PartTable(
        "Own recipe, bytes", "What its training needs, as stored. The decoder has none.", "Of", (BYTES,), rows
    )


def _loss(values: Values) -> PartCell:
    loss = values.get("train_loss")
    return PartCell(MISSING) if loss is None else PartCell(plain(loss, 3), loss)
