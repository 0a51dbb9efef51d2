"""A record's out-of-distribution sets and detectors as tables."""

from __future__ import annotations

from collections.abc import Sequence

from leaderboard.cells import Cells, Values
from leaderboard.part_table import PartCell, PartColumn, PartRow, PartTable, count_cell, share_cell

KINDS = {"near": "near", "far": "far", "val": "validation"}

AUROC = PartColumn(
    "AUROC %",
    "How often an OOD image scores higher than an ID one, ties counting half. Guessing gives 50.",
    "high",
)
ERRORS = (
    (
        "fpr_at_95_ood_positive",
        PartColumn(
            "FPR@95, OOD positive %",
            "Share of ID images flagged when at least 95 % of the OOD images are. OpenOOD's convention.",
            "low",
        ),
    ),
    (
        "fpr_at_95_id_positive",
        PartColumn(
            "FPR@95, ID positive %",
            "Share of OOD images that pass when at least 95 % of the ID images do. Older papers' convention.",
            "low",
        ),
    ),
)
AREAS = (
    (
        "average_precision_ood",
        PartColumn(
            "AP, OOD positive %",
            "Average precision with OOD images as the positives; depends on how many there are.",
            "high",
        ),
    ),
    (
        "average_precision_id",
        PartColumn(
            "AP, ID positive %",
            "Average precision with ID images as the positives; depends on how many there are.",
            "high",
        ),
    ),
    (
        "aupr_trapezoid_ood",
        PartColumn(
            "AUPR, OOD positive, OpenOOD’s trapezoid %",
            "Straight lines between points of the precision-recall curve: too high where scores tie. For comparison.",
            "high",
        ),
    ),
    (
        "aupr_trapezoid_id",
        PartColumn(
            "AUPR, ID positive, OpenOOD’s trapezoid %",
            "Straight lines between points of the precision-recall curve: too high where scores tie. For comparison.",
            "high",
        ),
    ),
)


def set_table(cells: Cells) -> PartTable | None:
    """One row a set of OOD images, by the ranked detector; None for a record without sets."""
    if not cells.sets:
        return None
    measures = [("auroc", AUROC), *ERRORS, *AREAS]
    given = [(key, column) for key, column in measures if any(key in values for values in cells.sets.values())]
    counted = any("n" in values for values in cells.sets.values())
    columns = (
        PartColumn("Kind", best="text", number=False),
        *([PartColumn("Images", best="high")] if counted else []),
        *(column for _, column in given),
    )
    rows = tuple(
        PartRow(
            name,
            (
                PartCell(KINDS.get(kind, kind)),
                *([count_cell(values)] if counted else []),
                *(share_cell(values, key, interval=key == "auroc") for key, _ in given),
            ),
        )
        for (kind, name), values in cells.sets.items()
    )
    caption = (
        "The ranked detector on each set of OOD images; brackets are 95 % intervals over test images of both kinds. "
        "FPR@95, OOD positive: ID images flagged when at least 95 % of the OOD images are. ID positive: OOD images "
        "that pass when at least 95 % of the ID images do."
    )
    return PartTable("By set", caption, "Set", columns, rows, wide=True)


def detector_tables(cells: Cells, ranked: str) -> list[PartTable]:
    """All detectors on the same outputs: means over near and far sets, then AUROC set by set.

    ranked: the name of the record's own detector, which is marked.
    """
    if not cells.detectors:
        return []
    means = _places(cells, sets=False)
    sets = _places(cells, sets=True)
    tables = []
    if means:
        measures = [("auroc", AUROC), *ERRORS]
        columns = tuple(
            PartColumn(f"{KINDS.get(place, place).capitalize()}: {column.title}", column.about, column.best)
            for place in means
            for _, column in measures
        )
        rows = _rows(cells, ranked, [(place, key) for place in means for key, _ in measures])
        caption = (
            "Every detector on the outputs of the same pass, as a mean over sets. Not ranked: whoever picks the best "
            "of many by looking at the test set has chosen on the test set."
        )
        tables.append(PartTable("All detectors", caption, "Detector", columns, rows, wide=True))
    if sets:
        columns = tuple(PartColumn(place.removeprefix("set:"), AUROC.about, "high") for place in sets)
        rows = _rows(cells, ranked, [(place, "auroc") for place in sets])
        tables.append(
            PartTable(
                "All detectors, set by set",
                "AUROC in % on each set.",
                "Detector",
                columns,
                rows,
                wide=True,
                folded=True,
            )
        )
    return tables


def _places(cells: Cells, *, sets: bool) -> list[str]:
    """The single sets, or the means over them, that any detector has numbers for."""
    found = dict.fromkeys(place for by_place in cells.detectors.values() for place in by_place)
    return [place for place in found if place.startswith("set:") == sets]


def _rows(cells: Cells, ranked: str, columns: Sequence[tuple[str, str]]) -> tuple[PartRow, ...]:
    nothing: Values = {}
    return tuple(
        PartRow(
            name,
            tuple(share_cell(by_place.get(place, nothing), key) for place, key in columns),
            mark="ranked" if name == ranked else "",
        )
        for name, by_place in cells.detectors.items()
    )
