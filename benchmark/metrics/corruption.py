"""Scores over corruption x severity cells: mean accuracy, worst corruption, mCE and relative mCE."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Cells = Mapping[str, Sequence[float]]


class WorstCorruption(NamedTuple):
    """Name and mean accuracy over severities, in [0, 1], of the corruption with the lowest."""

    name: str
    accuracy: float


def mean_accuracy(accuracies: Cells) -> float:
    """Unweighted mean over all cells, in [0, 1], higher is better; nan where a cell is nan or none is given.

    `accuracies`: corruption to its accuracies in [0, 1], one a severity. RobustBench's `corruptions_acc`.
    Raises ValueError when corruptions have different numbers of severities or a value is outside [0, 1].
    """
    _check(accuracies, "accuracies")
    cells = [value for values in accuracies.values() for value in values]
    return math.fsum(cells) / len(cells) if cells else math.nan


def corruption_accuracies(accuracies: Cells) -> dict[str, float]:
    """Mean accuracy of each corruption over its severities, in [0, 1], in the order given. Errors as above."""
    _check(accuracies, "accuracies")
    return {name: _mean(values) for name, values in accuracies.items()}


def worst_corruption(accuracies: Cells) -> WorstCorruption | None:
    """The corruption with the lowest mean accuracy over severities; None when a cell is nan or none is given.

    Equal ones: the first in the order given, which is the canonical one. Errors as in `mean_accuracy`.
    """
    means = corruption_accuracies(accuracies)
    if not means or any(math.isnan(mean) for mean in means.values()):
        return None
    name = min(means, key=lambda corruption: means[corruption])
    return WorstCorruption(name, means[name])


def corruption_errors(errors: Cells, reference_errors: Cells) -> dict[str, float]:
    """CE of each corruption in percent of the reference net's error; lower is better, 100 is the reference.

    CE_c = mean over severities of the error, over the same mean of the reference. `errors`, `reference_errors`:
    corruption to error rates in [0, 1], one a severity; a published mean over severities may stand alone in
    the reference. The order is that of `errors`. nan where a cell is nan or the reference makes no error.
    Raises ValueError when the corruptions differ (naming them), for unequal severities and values outside [0, 1].
    Source: Hendrycks and Dietterich (2019), "Benchmarking neural network robustness to common corruptions and
    perturbations", section 4; their ratio of sums is a ratio of means.
    """
    _check_pair(errors, reference_errors)
    return {name: _percent(_mean(errors[name]), _mean(reference_errors[name])) for name in errors}


def mean_corruption_error(errors: Cells, reference_errors: Cells) -> float:
    """mCE in percent: the mean of the corruption errors; lower is better, 100 is the reference net.

    Arguments, nan and errors as in `corruption_errors`; nan without a corruption.
    """
    return _mean(list(corruption_errors(errors, reference_errors).values()))


def relative_mean_corruption_error(
    errors: Cells, clean_error: float, reference_errors: Cells, reference_clean_error: float
) -> float:
    """Relative mCE in percent: how much error corruption adds, against the reference net; lower is better.

    The mean over corruptions of (mean error - clean error) / (mean reference error - reference clean error).
    It rewards a high clean error, so it belongs beside the clean accuracy. Negative where corruption helps; nan
    where corruption does not hurt the reference, where a cell is nan and without a corruption. Other arguments and
    errors as in `corruption_errors`; clean errors outside [0, 1] raise ValueError too. Source: as there.
    """
    _check_pair(errors, reference_errors)
    _check({"clean": [clean_error]}, "clean_error")
    _check({"clean": [reference_clean_error]}, "reference_clean_error")
    return _mean(
        [
            _percent(_mean(errors[name]) - clean_error, _mean(reference_errors[name]) - reference_clean_error)
            for name in errors
        ]
    )


def error_rates(accuracies: Cells) -> dict[str, list[float]]:
    """Error rates 1 - accuracy of all cells, in [0, 1], in the same layout."""
    return {name: [1 - value for value in values] for name, values in accuracies.items()}


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if len(values) else math.nan


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole > 0 else math.nan


def _check(cells: Cells, name: str) -> None:
    """One number of severities for all corruptions, every value in [0, 1] or nan."""
    if len({len(values) for values in cells.values()}) > 1:
        counts = ", ".join(f"{corruption} {len(values)}" for corruption, values in cells.items())
        raise ValueError(f"{name}: equally many severities for every corruption, but got {counts}")
    for corruption, values in cells.items():
        for value in values:
            if not (math.isnan(value) or 0 <= value <= 1):
                raise ValueError(f"{name}: fractions in [0, 1], but got {value} for {corruption}")


def _check_pair(errors: Cells, reference_errors: Cells) -> None:
    """The same corruptions on both sides, and as many severities unless the reference gives one mean."""
    _check(errors, "errors")
    _check(reference_errors, "reference_errors")
    if differing := sorted(set(errors) ^ set(reference_errors)):
        raise ValueError(
            f"errors and reference_errors: the same corruptions, but they differ in {', '.join(differing)}"
        )
    for corruption, values in errors.items():
        if len(reference_errors[corruption]) not in (1, len(values)):
            raise ValueError(
                f"reference_errors: {len(values)} severities or one mean for {corruption}, "
                f"but got {len(reference_errors[corruption])}"
            )
