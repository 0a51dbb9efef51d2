"""Own images against the test images: exact copies, near copies, and the flag they raise."""

from __future__ import annotations

import math

import numpy as np

from benchmark.contamination import STRICTEST_THRESHOLD, closest_test_images, exact_copies
from benchmark.contamination.figures import FOLDER, read_figures
from benchmark.documents import Flag
from benchmark.protocol import Arrays
from benchmark.scores import CONFIDENCE
from benchmark.statistics import wilson_interval
from tasks.curation.chosen import Chosen
from tasks.curation.split import OpenCuration

CONTAMINATION = "contamination"
FALSE_ALARMS = 0.01
"""Share of honest images that reach the threshold, at most."""
KEPT_PAIRS = 50
NAMED = 10


def inspect_copies(split: OpenCuration, chosen: Chosen) -> Arrays:
    """What own images have of the test images; nothing of a choice from the pool, whose images are all known.

    exact: int64 (E, 2), rows of the file and of the test part. near: int64 (K, 2), the closest pairs, best first, with
    their correlation float64 (K,). correlations: float32 (N,), each image's with its closest test image.
    """
    if chosen.form != "images":
        nothing = np.empty((0, 2), np.int64)
        return {"exact": nothing, "near": nothing, "correlation": np.empty(0), "correlations": np.empty(0, np.float32)}
    closest = closest_test_images(chosen.images, split.images)
    best = np.argsort(-closest.correlations, kind="stable")[:KEPT_PAIRS]
    return {
        "exact": np.array(exact_copies(chosen.images, split.images), np.int64).reshape(-1, 2),
        "near": np.stack([best, closest.test_rows[best]], axis=1),
        "correlation": closest.correlations[best],
        "correlations": closest.correlations.astype(np.float32),
    }


def copy_threshold(dataset: str) -> float:
    """The correlation from which an image counts as a near copy; the strictest where none was measured."""
    return read_figures(dataset).aligned.threshold if (FOLDER / f"{dataset}.json").is_file() else STRICTEST_THRESHOLD


def near_copies(split: OpenCuration, found: Arrays) -> int:
    """How many own images nearly copy a test image."""
    return int((found["correlations"] >= copy_threshold(split.dataset.name)).sum())


def copy_cells(found: Arrays) -> dict[str, dict[str, float]]:
    """The closest pairs, so that anybody can look at them: `pair:<row>` with the test image and the correlation."""
    pairs = zip(found["near"][:NAMED], found["correlation"][:NAMED], strict=True)
    return {
        f"pair:{row}": {"test_image": float(test), "correlation": float(correlation)}
        for (row, test), correlation in pairs
    }


def copy_flag(split: OpenCuration, found: Arrays) -> list[Flag]:
    """A flag for any exact copy, and for more near copies than honest images have by chance."""
    exact, count, near = found["exact"], len(found["correlations"]), near_copies(split, found)
    if len(exact):
        pairs = ", ".join(f"{row} is {test}" for row, test in exact[:NAMED])
        more = f" and {len(exact) - NAMED:,} more" if len(exact) > NAMED else ""
        evidence = f"{len(exact):,} images are copies of test images: {pairs}{more}."
        return [Flag(name="contamination", evidence=evidence)]
    if not count or wilson_interval(near, count, CONFIDENCE).lower <= FALSE_ALARMS:
        return []
    largest = float(found["correlation"][0]) if len(found["correlation"]) else math.nan
    evidence = (
        f"{near:,} of {count:,} images nearly copy a test image (correlation up to {largest:.3f}, counted from "
        f"{copy_threshold(split.dataset.name):g}), where at most {FALSE_ALARMS:.0%} of honest images do."
    )
    return [Flag(name="contamination", evidence=evidence)]
