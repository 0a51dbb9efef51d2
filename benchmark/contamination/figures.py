"""What was measured of the search for copies: its threshold, its false alarms, and what it finds. Committed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from benchmark.documents.strict import Finite, Line, Paragraph, Strict, decode_file, parse
from benchmark.errors import MettleError

FOLDER = Path(__file__).parent / "figures"
Share = Annotated[Finite, Field(ge=0, le=1)]
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


def read_figures(dataset: str) -> Figures:
    """The committed measurement of a data set; MettleError where there is none."""
    path = FOLDER / f"{dataset}.json"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.json")))
        raise MettleError(
            "contamination figures", f"one of {known}", dataset, "Make them with scripts/measure_contamination.py."
        )
    return parse(Figures, decode_file(path), path)


def copy_threshold(dataset: str) -> float:
    """The correlation from which an image counts as a near copy of a test image, in (0, 1].

    As measured on the data set; without a measurement the strictest of the data sets that have one.
    """
    if (FOLDER / f"{dataset}.json").is_file():
        return read_figures(dataset).aligned.threshold
    return max(read_figures(path.stem).aligned.threshold for path in FOLDER.glob("*.json"))
