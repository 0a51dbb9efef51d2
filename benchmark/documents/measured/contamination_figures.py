"""What was measured of the search for copies: its threshold, its false alarms, and what it finds. Committed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from benchmark.documents.strict import Finite, Line, Paragraph, Share, Strict, decode_file, parse
from benchmark.errors import MettleError
from benchmark.paths import ROOT

FOLDER = ROOT / "benchmark" / "contamination" / "figures"
SAME_WITHIN_LEVELS = 5.0
"""Root mean square over pixels up to which two images are one: a pixel changed by half the range makes no other.
Of the training images of Fashion-MNIST and CIFAR-10 none comes within 8 of a test image, but those that are listed."""
Count = Annotated[int, Field(ge=0)]


class Gate(Strict):
    """One way to look for copies, at a threshold of its own."""

    threshold: Annotated[Finite, Field(gt=0, le=1)]
    false_alarms: Count
    """Honest images at the threshold or above."""
    found: dict[Line, Share]
    """Share of the leaked images that reach the threshold and are matched with the right test image, by leak."""


class Figures(Strict):
    """The measurement on one data set."""

    dataset: Line
    rule: Paragraph
    """How images were drawn and the thresholds chosen."""
    seed: Count
    honest_images: Count
    leaked_images: Count
    aligned: Gate
    """`closest_test_images`: what is used."""
    in_place: Gate
    """Mean-removed cosine of the pixels as they are, for comparison."""


@cache
def read_figures(dataset: str, folder: Path = FOLDER) -> Figures:
    """The committed measurement of a data set; MettleError where there is none, or none that can be read."""
    path = folder / f"{dataset}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.json")))
        raise MettleError(
            "contamination figures", f"one of {known}", dataset, "Make them with scripts/measure_contamination.py."
        )
    return parse(Figures, decode_file(path), path)


def copy_threshold(dataset: str, folder: Path = FOLDER) -> float:
    """The correlation from which an image counts as a near copy of a test image, in (0, 1].

    As measured on the data set; without a measurement the strictest of the data sets that have one.
    """
    if (folder / f"{dataset}.json").is_file():
        return read_figures(dataset, folder).aligned.threshold
    return max(read_figures(path.stem, folder).aligned.threshold for path in folder.glob("*.json"))
