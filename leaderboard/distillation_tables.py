"""A record of a distilled set: its nets, nets of other architectures, and which test images its images resemble."""

from __future__ import annotations

from leaderboard.cells import ByName, Values, cells_of_kinds
from leaderboard.copy_tables import COPY_KINDS, copy_tables
from leaderboard.numbers import MISSING, plain
from leaderboard.part_table import PartCell, PartColumn, PartRow, PartTable, count_cell, share_cell

KINDS = ("net", "architecture", "own", "own_bytes", *COPY_KINDS)
ARCHITECTURES = {
    "convnet2": "ConvNet-2",
    "convnet3_bn": "ConvNet-3 with batch norm",
    "convnet4_bn": "ConvNet-4 with batch norm",
    "mlp": "MLP",
    "lenet5": "LeNet-5",
}
NEEDED = {"set": "The set's own arrays", "teacher": "Teacher's weights", "whitening": "Whitening"}
ACCURACY = PartColumn("Test accuracy %", best="high")
BYTES = PartColumn("Bytes")
LOSS = PartColumn("Training loss", "Mean over the last epoch, after the augmentation.", "low")


def distillation_tables(cells: ByName, threshold: float) -> tuple[list[PartTable], dict[str, Values]]:
    """The tables of this family, and the cells that belong to none of them.

    cells: by name, `net:<seed>`, `architecture:<name>`, `own:<seed>`, `own_bytes:<of what>`, `copy:<image>` and
    `pair:<image>` among others. threshold: of near copies, as `copy_tables` says.
    """
    kinds, others = cells_of_kinds(cells, KINDS)
    made = (
        _nets("Net by net", "The nets behind the primary score, each from a seed of its own.", "Net", kinds["net"]),
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


def _nets(title: str, caption: str, first: str, nets: ByName) -> PartTable | None:
    if not nets:
        return None
    rows = tuple(PartRow(name, (share_cell(values, "accuracy"), _loss(values))) for name, values in nets.items())
    return PartTable(title, caption, first, (ACCURACY, LOSS), rows)


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
