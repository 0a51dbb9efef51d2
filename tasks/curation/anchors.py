"""What scores of the family are set against: the accuracies of its frozen anchors."""

from __future__ import annotations

import numpy as np

from benchmark.documents.measured.curation_anchors import FILE, read_curation_reference
from benchmark.errors import MettleError
from benchmark.task_registry import TaskEntry


def anchor_accuracies(entry: TaskEntry) -> dict[str, np.ndarray]:
    """Accuracies of the first runs of each arm that has enough of them: float64 (ANCHOR_RUNS,) in [0, 1].

    Raises MettleError for anchors of another definition or split of the task.
    """
    anchors = read_curation_reference(entry.folder).of(entry.task)
    if anchors is None:
        return {}
    if not anchors.belong_to(entry.task):
        raise MettleError(
            entry.folder / FILE,
            f"its anchors of {entry.task.id} belong to another definition or split of the task",
            anchors.task_sha256[:12],
            "Restore it, or measure them again: python -m scripts.measure_curation_anchors",
        )
    return {arm: np.array(shares) for arm, shares in anchors.accuracies().items()}
