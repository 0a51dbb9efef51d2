"""What people score on CIFAR-10's backgrounds, from CIFAR-10H where it lies on the user's disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.documents import Score, file_sha256
from benchmark.errors import MettleError
from benchmark.paths import mirrors
from benchmark.scores import CONFIDENCE, mean_score
from benchmark.task_registry import TASKS_DIR, find_task
from tasks.subgroup.annotations import open_annotations
from tasks.subgroup.grouping import group_balanced_score, group_record_cells, group_weights, worst_group_score

FILE = "cifar10h-counts.npy"
SHA256 = "9b36b4550349af56c79083356312eb4af856cc5fd3caf1f669d40b9d0bbb69ff"
TASK = "subgroup/cifar10-b.v1"


def human_counts() -> np.ndarray | None:
    """How many people named each class for each test image: int64 (10000, 10); None without the file.

    The counts of CIFAR-10H (Peterson, Battleday, Griffiths and Russakovsky 2019, "Human uncertainty makes
    classification more robust"; CC BY-NC-SA 4.0), about 51 judgements an image, in a folder named by METTLE_MIRROR.
    They are no part of this project and of no record. Raises MettleError for a file of that name with other bytes.
    """
    for path in (found for mirror in mirrors() for found in sorted(mirror.rglob(FILE))):
        if (found := file_sha256(path)) != SHA256:
            raise MettleError(path, f"the counts of CIFAR-10H have the sha256 {SHA256}", found, "Fetch it again.")
        return np.asarray(np.load(path, allow_pickle=False), dtype=np.int64)
    return None


def human_scores(tasks_dir: Path = TASKS_DIR) -> dict[str, Score]:
    """Scores of one judgement drawn at random, by the names of the task; empty where CIFAR-10H is not on the disk.

    Of each image, the share of people who name its label, so intervals are over images. Among the scores are those of
    the groups, as `group:<attribute>/<level>`.
    """
    counts = human_counts()
    if counts is None:
        return {}
    split = open_annotations(find_task(TASK, tasks_dir))
    labels, grouping, classes = split.labels, split.grouping, counts.shape[1]
    share = counts[np.arange(len(labels)), labels] / counts.sum(axis=1)
    balanced, _ = group_balanced_score(share, grouping, labels, classes)
    cells = group_record_cells([grouping], share, labels, [str(label) for label in range(classes)])
    of_groups = {
        name: Score(
            value=cell["accuracy"],
            lower=cell["lower"],
            upper=cell["upper"],
            covers="test images",
            confidence=CONFIDENCE,
            n=int(cell["n"]),
        )
        for name, cell in cells.items()
        if name.startswith("group:")
    }
    return {
        "group_balanced_accuracy": balanced,
        "worst_group_accuracy": worst_group_score(share, group_weights([grouping], labels, classes)),
        "accuracy": mean_score(share),
        **of_groups,
    }
