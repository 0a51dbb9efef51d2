"""Images of a submitted set that are test images, and those that come nearest to one, as tables."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.documents.measured.contamination_figures import SAME_WITHIN_LEVELS
from leaderboard.cells import ByName, Values
from leaderboard.numbers import MISSING, plain
from leaderboard.part_table import PartCell, PartColumn, PartRow, PartTable, count_cell

COPY_KINDS = ("copy", "pair")
TEST_IMAGE = PartColumn("Test image", "Its position in the test set, from 0.")


def copy_tables(kinds: Mapping[str, ByName], threshold: float) -> tuple[PartTable | None, PartTable | None]:
    """Copied and nearest test images; None for a table without rows.

    kinds: cells by kind, of `COPY_KINDS` at least, and by what stands behind it, `copy:<image>` and `pair:<image>`.
    threshold: the correlation from which an image counts as a near copy.
    """
    return _copies(kinds["copy"]), _pairs(kinds["pair"], threshold)


def _copies(copies: ByName) -> PartTable | None:
    if not copies:
        return None
    rows = tuple(PartRow(name, (count_cell(values, "test_image"),)) for name, values in copies.items())
    caption = (
        "Images of the set that are a test image, mirrored or not: pixel by pixel, or but for at most "
        f"{SAME_WITHIN_LEVELS:.0f} of 255 levels (root mean square) and half the contrast of the test image."
    )
    return PartTable("Copied test images", caption, "Image", (TEST_IMAGE,), rows)


def _pairs(pairs: ByName, threshold: float) -> PartTable | None:
    if not pairs:
        return None
    rows = tuple(
        PartRow(name, (count_cell(values, "test_image"), _correlation(values))) for name, values in pairs.items()
    )
    columns = (
        TEST_IMAGE,
        PartColumn("Correlation", "Of whitened pixels after the best small move; 1 is a copy.", "low"),
    )
    caption = (
        "The images of the set that come nearest to a test image, whether or not they are copies. From a correlation "
        f"of {plain(threshold, 3)} an image counts as a near copy; more of them than honest sets have by chance carry "
        "the contamination flag."
    )
    return PartTable("Nearest test images", caption, "Image", columns, rows)


def _correlation(values: Values) -> PartCell:
    found = values.get("correlation")
    return PartCell(MISSING) if found is None else PartCell(plain(found, 3), found)
