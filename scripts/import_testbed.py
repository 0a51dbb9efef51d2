"""ImageNet-testbed's 338 models on five natural shifts as reported results: a maintainers' tool.

    python -m scripts.import_testbed FILE [--out leaderboard/reported]

FILE is the testbed's own table of top-1 accuracies, one model a line. Effective robustness is computed from it here.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.documents import ReportedResults
from benchmark.documents.strict import parse
from benchmark.errors import MettleError
from benchmark.metrics.shift import LogitLine, effective_robustness, fit_logit_line
from scripts.reported_file import Imported, run_import

SOURCE = "https://github.com/modestyachts/imagenet-testbed/blob/master/robustness_top1s.csv"
COMMIT = "0170eec658d664289d9f61de8f90f967f49abca0"
LICENCE = (
    "MIT, Copyright (c) 2020 Rohan Taori, Achal Dave, Vaishaal Shankar, Nicholas Carlini, Benjamin Recht, "
    "Ludwig Schmidt"
)
RETRIEVED = "2026-11-21"
DECIMALS = 4
"""The table's numbers are percentages of whole images in float32; more digits are its noise."""
KINDS_FILE = Path(__file__).with_name("imagenet_testbed_models.csv")
"""What each model is, by the testbed's `plotting/model_types.py` at the same commit."""
KINDS = {
    "standard": "Standard training.",
    "lp-adversarial": "Lp-adversarially robust.",
    "robustness-intervention": "Other robustness intervention.",
    "more-data": "Trained with more data.",
    "low-accuracy": "Low-accuracy net.",
    "random-features": "Random features.",
    "linear-on-pixels": "Linear classifier on pixels.",
    "random-forest": "Random forest.",
    "nearest-neighbour": "Nearest neighbour.",
}
NOT_FITTED = ("subsample", "aws", "batch64")
"""Models with these words in their names are partly trained or variants of one recipe: outside the fit."""


@dataclass(frozen=True)
class Shift:
    """A shifted test set and the two columns that belong to it."""

    name: str
    file: str
    column: str
    id_column: str
    """Accuracy on the validation images of the same classes, the logits restricted to them."""


SHIFTS = (
    Shift("ImageNetV2, matched frequency", "imagenet-testbed-v2", "imagenetv2-matched-frequency-format-val", "val"),
    Shift("ImageNet-Sketch", "imagenet-testbed-sketch", "imagenet-sketch", "val"),
    Shift("ImageNet-R", "imagenet-testbed-r", "imagenet-r", "val-on-imagenet-r-classes"),
    Shift("ImageNet-A", "imagenet-testbed-a", "imagenet-a", "val-on-imagenet-a-classes"),
    Shift("ObjectNet", "imagenet-testbed-objectnet", "objectnet-1.0-beta", "val-on-objectnet-classes"),
)


@dataclass(frozen=True)
class Point:
    """A model's two accuracies in percent."""

    model: str
    kind: str
    id_accuracy: float
    accuracy: float

    @property
    def fitted(self) -> bool:
        """Whether the line is fitted on it; an accuracy of 0 or 100 % has no logit."""
        ordinary = not any(word in self.model.lower() for word in NOT_FITTED)
        return self.kind == "standard" and ordinary and 0 < self.accuracy < 100


def files(file: Path) -> Iterator[Imported]:
    """One file a shifted set."""
    for shift in SHIFTS:
        found = points(file, shift)
        yield Imported(f"{shift.file}.json", imported(found, shift), f"{len(found)} models, {line(found)}")


def points(path: Path, shift: Shift) -> list[Point]:
    """The models measured on a shifted set, in the table's order; one without a number there is left out.

    Raises MettleError for a missing file, a missing column, and a model the list of kinds does not have.
    """
    if not path.is_file():
        raise MettleError(path, "ImageNet-testbed's table of top-1 accuracies lies here", "no such file")
    kinds = _kinds()
    found = []
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if missing := {"model", shift.column, shift.id_column} - set(reader.fieldnames or ()):
            raise MettleError(path, "the table has a column for each set", f"no {', '.join(sorted(missing))}")
        for entry in reader:
            model = entry["model"]
            if model not in kinds:
                raise MettleError(model, f"every model has a kind in {KINDS_FILE.name}", "none", "Add it there.")
            if entry[shift.column] and entry[shift.id_column]:
                accuracies = (round(float(entry[column]), DECIMALS) for column in (shift.id_column, shift.column))
                found.append(Point(model, kinds[model], *accuracies))
    return found


def _kinds() -> dict[str, str]:
    with KINDS_FILE.open(encoding="utf-8", newline="") as stream:
        return {entry["model"]: entry["kind"] for entry in csv.DictReader(stream)}


def line(found: list[Point]) -> LogitLine:
    """The logit line through the standard models."""
    fitted = [point for point in found if point.fitted]
    return fit_logit_line([point.id_accuracy / 100 for point in fitted], [point.accuracy / 100 for point in fitted])


def imported(found: list[Point], shift: Shift) -> ReportedResults:
    """The reported results of one set: accuracy, accuracy on the clean set, effective robustness."""
    fit = line(found)
    note = (
        f"Table of commit {COMMIT[:12]}. The ID accuracy is that on {shift.id_column}, the ImageNet validation images "
        "of the same classes. Effective robustness is computed here: accuracy less what "
        f"sigmoid({fit.slope:.4f} logit(ID accuracy) {fit.intercept:+.4f}) predicts, in points; the line is fitted on "
        f"{sum(point.fitted for point in found)} models of standard training (Taori et al. 2020, "
        "https://arxiv.org/abs/2007.00644). Of the 338 models, those not measured on this set are missing."
    )
    if zero := [point.model for point in found if point.accuracy == 0]:
        note += (
            f" {', '.join(zero)} has exactly 0 %, because the set was made of images it misses: it has no logit and "
            "is outside the fit, which is one line where the paper bends it at that net."
        )
    document = {
        "schema_version": 1,
        "title": f"ImageNet-testbed, {shift.name}",
        "licence": LICENCE,
        "note": note,
        "rows": [row for point in found for row in _numbers(point, shift, fit)],
    }
    return parse(ReportedResults, document, shift.file)


def _numbers(point: Point, shift: Shift, fit: LogitLine) -> list[dict[str, Any]]:
    robustness = 100 * effective_robustness(fit, point.id_accuracy / 100, point.accuracy / 100)
    about = {
        "task": shift.name,
        "method": point.model,
        "unit": "percent",
        "source": SOURCE,
        "retrieved": RETRIEVED,
        "verified": True,
        "extra_data": point.kind == "more-data",
        "note": KINDS[point.kind] + (" In the fit." if point.fitted else ""),
        "anomalies": ["0 % by construction: the set was made of images it misses."] if point.accuracy == 0 else [],
    }
    values = {
        "accuracy": point.accuracy,
        "id_accuracy": point.id_accuracy,
        "effective_robustness": round(robustness, DECIMALS),
    }
    return [{**about, "metric": metric, "value": value} for metric, value in values.items()]


if __name__ == "__main__":
    sys.exit(run_import(__doc__, files))
