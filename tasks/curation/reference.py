"""The frozen anchors of the family: nets trained on random and on oracle choices, run by run."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from benchmark.documents.strict import Sha256, Strict, decode_file, parse
from benchmark.errors import MettleError
from benchmark.task_registry import TaskEntry

FILE = "reference.json"
ANCHOR_RUNS = 20
"""An arm counts once it has so many runs, and with these first ones alone, so that a later run changes no score."""
Arm = Literal["random", "oracle"]
Count = Annotated[int, Field(ge=0)]


class AnchorRun(Strict):
    """One net trained on one choice, each from a seed of its own."""

    choice_seed: Count
    net_seed: Count
    right: Count
    """Test images the net gets right."""


class TaskAnchors(Strict):
    """The arms of one task version."""

    task_sha256: Sha256
    """`Task.scoring_sha256` when they were trained: anchors of another definition are refused."""
    split_sha256: Sha256
    tested: Annotated[int, Field(ge=1)]
    arms: dict[Arm, Annotated[list[AnchorRun], Field(min_length=1)]]
    """Of each arm the runs in the order of their seeds, each there once."""

    @model_validator(mode="after")
    def _runs_are_in_order(self) -> Self:
        for arm, runs in self.arms.items():
            for run, later in pairwise(runs):
                if later.choice_seed <= run.choice_seed or later.net_seed <= run.net_seed:
                    raise ValueError(f"the seeds of the runs of {arm} ascend, and none is there twice")
        return self


class Reference(Strict):
    """The content of `reference.json`."""

    schema_version: Literal[1]
    anchors: dict[str, TaskAnchors]
    """By `<id>.v<version>`."""


def read_reference(entry: TaskEntry) -> Reference:
    """All anchors of the family; none where there is no file yet."""
    path = entry.folder / FILE
    if not path.is_file():
        return Reference(schema_version=1, anchors={})
    return parse(Reference, decode_file(path), path)


def anchor_accuracies(entry: TaskEntry) -> dict[str, np.ndarray]:
    """Accuracies of the first runs of each arm that has enough of them: float64 (ANCHOR_RUNS,) in [0, 1].

    Raises MettleError for anchors of another definition or split of the task.
    """
    task = entry.task
    anchors = read_reference(entry).anchors.get(f"{task.id}.v{task.version}")
    if anchors is None:
        return {}
    if (anchors.task_sha256, anchors.split_sha256) != (task.scoring_sha256, task.data.split_sha256):
        raise MettleError(
            entry.folder / FILE,
            f"its anchors of {task.id} belong to another definition or split of the task",
            anchors.task_sha256[:12],
            "Restore it, or measure them again: python -m scripts.measure_curation_anchors",
        )
    return {
        arm: np.array([run.right / anchors.tested for run in runs[:ANCHOR_RUNS]])
        for arm, runs in anchors.arms.items()
        if len(runs) >= ANCHOR_RUNS
    }
