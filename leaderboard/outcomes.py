"""The per-image outcomes behind a record's primary score, checked against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmark.documents import Record, Task
from benchmark.documents.store import read_outcomes
from benchmark.errors import MettleError
from leaderboard.pooled_ranks import percentiles, pooled_parts, pseudo_values

MEAN_TOLERANCE = 1e-9
"""Between a record's primary score and the mean of its outcomes; records round to 10 decimals."""

PSEUDO_VALUE_SCALE = 10**6
"""Pseudo-values of an AUROC are rounded to whole millionths, far below any interval."""

NEAR_PERCENTILE = 0.005
"""Two detectors put an image at the same place when its shares of lower scores differ by no more than this."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What a record holds of each image, in the form that its task's pair test compares."""

    values: np.ndarray
    """int (N,), or (G, N) for a worst group: each image's share of the score, times `scale`. Where training runs are
    compared, int (R,): the right answers of each run."""
    scale: int
    decisions: np.ndarray
    """int (D,): what near copies agree on. Of training runs these are the values, too few for any to differ."""
    images: tuple[str, ...]
    """Equal for records that were scored on the same images."""
    tolerance: int = 0
    """Decisions that differ by no more than this are equal."""
    tested: int | None = None
    """Test images, where a value belongs to a training run: to a net, or to a whole set where a method sent several.
    The scale is then the number of answers behind a value."""
    runs: tuple[float, ...] = ()
    """The score of each training run, in shares; none where there is one run, or where `of_runs` holds."""

    @property
    def of_runs(self) -> bool:
        """Whether a value belongs to a training run."""
        return self.tested is not None

    @property
    def count(self) -> int:
        """Images; an image that occurs in several parts counts once."""
        return int(self.values.shape[-1]) if self.tested is None else self.tested


def primary_outcomes(path: Path, record: Record, task: Task) -> Outcomes | None:
    """The outcomes that the task's pair test needs; None where the record keeps none beside itself.

    Raises MettleError for outcomes that are not what the record names, or that do not give the record's score.
    """
    arrays = read_outcomes(path, record)
    if task.pair_test == "delong":
        if not any(name.startswith("rank/") for name in arrays):
            return None
        outcomes, score = _of_ranks(path, arrays)
    elif "primary" in arrays:
        outcomes = _of_shares(path, arrays["primary"], record, task)
        score = _smallest_mean(outcomes)
    else:
        return None
    score = 100 * score if task.primary.unit == "percent" else score
    named = averaged_score(task)
    if named not in record.result.scores:
        raise MettleError(path, f"a record of {task.id} has the score {named!r}", "none of that name")
    value = record.result.scores[named].value
    if abs(score - value) > MEAN_TOLERANCE:
        what = "the smallest row mean" if outcomes.values.ndim == 2 else "the mean"
        rule = f"the score {named} is {what} of its outcomes, {score:.10f}"
        raise MettleError(path, rule, f"{value:.10f}", "Score the submission again; records are never edited.")
    if outcomes.of_runs:
        return outcomes
    unit = 100 if task.primary.unit == "percent" else 1
    return replace(outcomes, runs=tuple(run / unit for run in record.result.training_runs(named).values()))


def averaged_score(task: Task) -> str:
    """The score that the outcomes average to: the primary one, or the accuracy a gain between anchors is made from.

    Such a gain is a rising line of the accuracy, the same for all rows, so ranks of one are ranks of the other.
    """
    return "accuracy" if task.pair_test == "training_runs" and task.primary.unit == "ratio" else task.primary.name


def _of_shares(path: Path, values: np.ndarray, record: Record, task: Task) -> Outcomes:
    """Outcomes of one whole number an image (and group). Weighted means have images above the scale."""
    scale = record.result.outcomes["primary"].scale
    axes, each = {"worst_group": (2, "group and image"), "training_runs": (1, "training run")}.get(
        task.pair_test, (1, "image")
    )
    if values.ndim != axes or not values.size or values.dtype.kind not in "biu":
        shape = f"{values.dtype.name} {list(values.shape)}"
        raise MettleError(path, f"the outcomes 'primary' are a whole number for each {each}", shape)
    values = values.astype(np.int64) if values.dtype.kind == "b" else values
    low, high = int(values.min()), int(values.max())
    if low < 0:
        raise MettleError(path, "the outcomes 'primary' are not negative", f"{low}")
    of_runs = task.pair_test == "training_runs"
    if (of_runs or task.pair_test == "mcnemar") and high > scale:
        raise MettleError(path, f"the outcomes 'primary' lie in 0 to their scale {scale}", f"{low} to {high}")
    # Groups overlap only in images, and a hit counts in all groups of its image: the sum changes with the hit.
    decisions = values if axes == 1 else values.sum(axis=0, dtype=np.int64)
    tested = _tested(path, record, scale, averaged_score(task)) if of_runs else None
    images = f"{values.shape[-1] if tested is None else tested:,} images"
    return Outcomes(values, scale, decisions, images=(images,), tested=tested)


def _tested(path: Path, record: Record, scale: int, named: str) -> int:
    """The test images behind a score of training runs: the scale counts answers, several to an image for a set."""
    score = record.result.scores.get(named)
    count = scale if score is None or score.n is None else score.n
    if not count or scale % count:
        raise MettleError(path, f"a run answers each test image equally often, {count:,} of them", f"{scale:,} answers")
    return count


def _smallest_mean(outcomes: Outcomes) -> float:
    """The mean share, of the worst group where there are groups."""
    sums = np.atleast_2d(outcomes.values).sum(axis=1, dtype=np.int64)
    return int(sums.min()) / (outcomes.scale * outcomes.values.shape[-1])


def _of_ranks(path: Path, arrays: Mapping[str, np.ndarray]) -> tuple[Outcomes, float]:
    """Outcomes of one AUROC, or of a mean of several, and that AUROC."""
    parts = pooled_parts(path, arrays)
    pseudo = pseudo_values(parts)
    outcomes = Outcomes(
        values=np.rint(pseudo * PSEUDO_VALUE_SCALE).astype(np.int64),
        scale=PSEUDO_VALUE_SCALE,
        decisions=np.rint(percentiles(parts) * PSEUDO_VALUE_SCALE).astype(np.int64),
        images=tuple(sorted({part.images for part in parts})),
        tolerance=round(NEAR_PERCENTILE * PSEUDO_VALUE_SCALE),
    )
    return outcomes, float(pseudo.mean())
