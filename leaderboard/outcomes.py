"""The per-image outcomes behind a record's primary score, checked against it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.documents import Record, Task
from benchmark.documents.store import read_outcomes
from benchmark.errors import MettleError

MEAN_TOLERANCE = 1e-9
"""Between a record's primary score and the mean of its outcomes; records round to 10 decimals."""


def primary_decisions(path: Path, record: Record, task: Task) -> tuple[np.ndarray | None, int]:
    """Each image's share of the primary metric, int (N,), and its scale: share = decision / scale.

    None where the record keeps no such outcomes beside itself. Raises MettleError for outcomes that are not what the
    record names, or whose mean is not the record's score.
    """
    arrays = read_outcomes(path, record)
    if "primary" not in arrays:
        return None, 1
    decisions, scale = arrays["primary"], record.result.outcomes["primary"].scale
    if decisions.ndim != 1 or not decisions.size or decisions.dtype.kind not in "biu":
        shape = f"{decisions.dtype.name} {list(decisions.shape)}"
        raise MettleError(path, "the outcomes 'primary' are one whole number an image", shape)
    decisions = decisions.astype(np.int64) if decisions.dtype.kind == "b" else decisions
    if int(decisions.min()) < 0 or int(decisions.max()) > scale:
        bounds = f"{decisions.min()} to {decisions.max()}"
        raise MettleError(path, f"the outcomes 'primary' lie in 0 to their scale {scale}", bounds)
    mean = int(decisions.sum(dtype=np.int64)) / (scale * decisions.size)
    value = record.result.scores[task.primary.name].value
    mean = 100 * mean if task.primary.unit == "percent" else mean
    if abs(mean - value) > MEAN_TOLERANCE:
        rule = f"the score {task.primary.name} is the mean of its outcomes, {mean:.10f}"
        raise MettleError(path, rule, f"{value:.10f}", "Score the submission again; records are never edited.")
    return decisions, scale
