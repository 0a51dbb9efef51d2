"""Images of a submitted set held against the test images: what is found, and the flags it raises."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmark.contamination.copies import closest_test_images, exact_copies
from benchmark.documents import Flag
from benchmark.statistics import wilson_interval

INSPECTION = "contamination"
CONFIDENCE = 0.95
Found = Mapping[str, np.ndarray]
FALSE_ALARMS = 0.01
"""Share of honest images that reach the threshold, at most."""
SHOWN_PAIRS = 5
"""The nearest pairs in the record, whether or not they are copies."""
NAMED = 10
DECIMALS = 3
"""Correlations vary in their last digits with the processor; `result` does not."""


def look_for_copies(images: np.ndarray, test_images: np.ndarray) -> Found:
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


def copy_flags(found: Found, threshold: float) -> list[Flag]:
    """Contamination flags with their evidence: any exact copy, and more near copies than honest images have by chance.

    By chance: the lower end of the 95 % interval of their share is above FALSE_ALARMS.
    """
    flags = []
    exact = [(int(row), int(test_row)) for row, test_row in found["exact"]]
    taken = {row for row, _ in exact}
    if exact:
        evidence = f"{len(taken):,} of {len(found['test_row']):,} images are test images, exactly: {_listing(exact)}."
        flags.append(Flag(name="contamination", evidence=evidence + " A row with exact copies is void."))
    order = np.argsort(-found["correlation"], kind="stable").tolist()
    near = [row for row in order if row not in taken and found["correlation"][row] >= threshold]
    if near and wilson_interval(len(near), len(order), CONFIDENCE).lower > FALSE_ALARMS:
        evidence = (
            f"{len(near):,} of {len(order):,} images nearly are test images (correlation from {threshold:.3f}, largest "
            f"{found['correlation'][near[0]]:.3f}), where at most {FALSE_ALARMS:.0%} of honest ones are: "
            f"{_listing([(row, int(found['test_row'][row])) for row in near])}."
        )
        flags.append(Flag(name="contamination", evidence=evidence))
    return flags


def pair_cells(found: Found) -> dict[str, dict[str, float]]:
    """The images that come nearest to a test image, nearest first: `pair:<row>` with it and their correlation."""
    nearest = np.argsort(-found["correlation"], kind="stable")[:SHOWN_PAIRS].tolist()
    return {
        f"pair:{row}": {"test_image": float(found["test_row"][row]), "correlation": float(found["correlation"][row])}
        for row in nearest
    }


def copy_cells(found: Found) -> dict[str, dict[str, float]]:
    """The images that are test images: `copy:<row>`. The board ranks no record that has one."""
    return {f"copy:{row}": {"test_image": float(test_row)} for row, test_row in found["exact"]}


def _listing(pairs: list[tuple[int, int]]) -> str:
    shown = ", ".join(f"image {row} is test image {test_row}" for row, test_row in pairs[:NAMED])
    return shown + (f", and {len(pairs) - NAMED} more" if len(pairs) > NAMED else "")
