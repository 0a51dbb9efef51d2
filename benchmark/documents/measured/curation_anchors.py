"""The anchors of curation tasks, tasks/curation/reference.json: nets on random and on oracle choices, run by run."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchmark.documents.strict import Sha256, Strict, decode_file, parse
from benchmark.documents.task import Task

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

    def belong_to(self, task: Task) -> bool:
        """Whether the nets were trained for this definition and split of the task."""
        return (self.task_sha256, self.split_sha256) == (task.scoring_sha256, task.data.split_sha256)

    def accuracies(self) -> dict[str, list[float]]:
        """Of each arm that has ANCHOR_RUNS runs, the accuracies of the first of them, in [0, 1]."""
        return {
            arm: [run.right / self.tested for run in runs[:ANCHOR_RUNS]]
            for arm, runs in self.arms.items()
            if len(runs) >= ANCHOR_RUNS
        }


class CurationReference(Strict):
    """The content of the file."""

    schema_version: Literal[1]
    anchors: dict[str, TaskAnchors]
    """By `<id>.v<version>`."""

    def of(self, task: Task) -> TaskAnchors | None:
        """The anchors under the name of a task version, whether they still belong to it or not."""
        return self.anchors.get(f"{task.id}.v{task.version}")


def read_curation_reference(folder: Path) -> CurationReference:
    """All anchors of the family, from its folder; none where there is no file, MettleError for a bad one."""
    path = folder / FILE
    if not path.is_file():
        return CurationReference(schema_version=1, anchors={})
    return parse(CurationReference, decode_file(path), path)
