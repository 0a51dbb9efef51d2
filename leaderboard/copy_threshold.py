"""From which correlation an image counts as a near copy of a test image, as measured on each data set."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from benchmark.errors import MettleError
from benchmark.paths import ROOT

FIGURES = ROOT / "benchmark" / "contamination" / "figures"


@cache
def copy_threshold(dataset: str, folder: Path = FIGURES) -> float:
    """The threshold that contamination flags on this data set go by; the strictest of all where none is its own.

    Raises MettleError for a measurement that cannot be read. Read here, as the site is built without the engine.
    """
    own = folder / f"{dataset}.json"
    return max(_threshold(path) for path in ([own] if own.is_file() else sorted(folder.glob("*.json"))))


def _threshold(path: Path) -> float:
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["aligned"]["threshold"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MettleError(path, "a measurement of the search for copies has a threshold", error) from None
