"""What looks wrong in a published table of detectors, found from its numbers alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Published(NamedTuple):
    """A number in percent and its standard deviation over training runs, as printed."""

    mean: float
    sd: float | None = None


@dataclass(frozen=True)
class DetectorRow:
    """One line of a table of detectors."""

    checkpoint: tuple[str, ...]
    """What names the net: training, architecture, recipe. Lines with equal names claim the same net."""
    near_auroc: Published
    far_auroc: Published
    id_accuracy: Published | None


def anomalies(rows: Sequence[DetectorRow]) -> list[list[str]]:
    """The anomalies of each row of one table, one sentence each, in the order of the rows; empty where none is found.

    Near-OOD sets above the far ones (they are near because they are harder to tell from the classes); a deviation
    of exactly zero (printed where there was one run, or none was given); an accuracy other than most rows of the
    same checkpoint have (a detector does not change its net; without a most common one, all of them); none at all.
    An anomaly is a reason to look, not a proof: some detectors do better on near sets.
    """
    accuracies: dict[tuple[str, ...], Counter[float]] = {}
    for row in rows:
        if row.id_accuracy is not None:
            accuracies.setdefault(row.checkpoint, Counter())[row.id_accuracy.mean] += 1
    return [_of_row(row, accuracies.get(row.checkpoint, Counter())) for row in rows]


def _of_row(row: DetectorRow, of_checkpoint: Counter[float]) -> list[str]:
    found = []
    near, far, accuracy = row.near_auroc, row.far_auroc, row.id_accuracy
    if near.mean > far.mean:
        found.append(f"Near above far: {near.mean:.2f} > {far.mean:.2f}.")
    named = (("near-OOD AUROC", near), ("far-OOD AUROC", far), ("ID accuracy", accuracy))
    if zero := [name for name, published in named if published is not None and published.sd == 0]:
        found.append(f"Zero deviation: {', '.join(zero)} with 0.00, as of a single run.")
    if accuracy is None:
        found.append("Missing accuracy.")
    elif others := _outvoted_by(accuracy.mean, of_checkpoint):
        given = ", ".join(f"{mean:.2f} ({_lines(count)})" for mean, count in others)
        found.append(f"One checkpoint, two accuracies: {accuracy.mean:.2f} here, elsewhere in this table {given}.")
    return found


def _outvoted_by(mean: float, of_checkpoint: Counter[float]) -> list[tuple[float, int]]:
    """The other accuracies of the checkpoint, the most common first; empty where this one alone is most common."""
    others = [(other, count) for other, count in of_checkpoint.most_common() if other != mean]
    return others if others and others[0][1] >= of_checkpoint[mean] else []


def _lines(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
