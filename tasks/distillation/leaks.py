"""Images of a distilled set held against the test images: what is found, and the flag it raises."""

from __future__ import annotations

import numpy as np

from benchmark.contamination import STRICTEST_THRESHOLD, closest_test_images, exact_copies
from benchmark.contamination.figures import FOLDER, read_figures
from benchmark.documents import Flag
from benchmark.protocol import Arrays

INSPECTION = "contamination"
SHOWN_PAIRS = 5
"""The nearest pairs in the record, whether or not they are copies."""
NAMED = 10
DECIMALS = 3
"""Correlations vary in their last digits with the processor; `result` does not."""


def look_for_copies(images: np.ndarray, test_images: np.ndarray) -> Arrays:
    """Copies of test images among the images of a set, both uint8 (., H, W, C), as a screen shows them.

    exact: int64 (E, 2), row and test row of equal pixels, mirrored or not. test_row: int64 (N,), the nearest one, and
    correlation: float64 (N,), in [-1, 1].
    """
    closest = closest_test_images(images, test_images)
    exact = [(copy.row, copy.test_row) for copy in exact_copies(images, test_images)]
    return {
        "exact": np.array(exact, dtype=np.int64).reshape(-1, 2),
        "test_row": closest.test_rows.astype(np.int64),
        "correlation": np.round(closest.correlations, DECIMALS),
    }


def near_copy_threshold(dataset: str) -> float:
    """The correlation from which an image counts as a copy: as measured on the data set, else the strictest one."""
    return read_figures(dataset).aligned.threshold if (FOLDER / f"{dataset}.json").is_file() else STRICTEST_THRESHOLD


def copy_flags(found: Arrays, threshold: float) -> list[Flag]:
    """The contamination flag with its evidence, where a test image is among the images; exact copies void a row."""
    flags = []
    exact = [(int(row), int(test_row)) for row, test_row in found["exact"]]
    if exact:
        rows = {row for row, _ in exact}
        evidence = f"{_images(len(rows))} of the set {_are(len(rows))} a test image, exactly: {_listing(exact)}."
        flags.append(Flag(name="contamination", evidence=evidence + " A row with exact copies is void."))
    taken = {row for row, _ in exact}
    near = [row for row in np.argsort(-found["correlation"], kind="stable").tolist() if row not in taken]
    near = [row for row in near if found["correlation"][row] >= threshold]
    if near:
        pairs = [(row, int(found["test_row"][row])) for row in near]
        largest = float(found["correlation"][near[0]])
        evidence = (
            f"{_images(len(near))} of the set nearly {_are(len(near))} a test image (correlation from {threshold:.3f}, "
            f"largest {largest:.3f}): {_listing(pairs)}."
        )
        flags.append(Flag(name="contamination", evidence=evidence))
    return flags


def pair_cells(found: Arrays) -> dict[str, dict[str, float]]:
    """The images that come nearest to a test image, nearest first: `pair:<row>` with its test row and correlation."""
    nearest = np.argsort(-found["correlation"], kind="stable")[:SHOWN_PAIRS].tolist()
    return {
        f"pair:{row}": {"test_row": float(found["test_row"][row]), "correlation": float(found["correlation"][row])}
        for row in nearest
    }


def _listing(pairs: list[tuple[int, int]]) -> str:
    shown = ", ".join(f"image {row} is test image {test_row}" for row, test_row in pairs[:NAMED])
    return shown + (f", and {len(pairs) - NAMED} more" if len(pairs) > NAMED else "")


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _are(count: int) -> str:
    return "is" if count == 1 else "are each"
