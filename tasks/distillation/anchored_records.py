"""A record of nets that were trained before the anchors of their task were: the same nets, with lift and recovery."""

from __future__ import annotations

from datetime import date

import numpy as np

from benchmark.documents import Record
from benchmark.documents.measured.distillation_anchors import UNITS
from benchmark.errors import MettleError
from benchmark.scores import anchor_cells
from benchmark.task_registry import TaskEntry
from tasks.distillation.anchors import frozen_accuracies
from tasks.distillation.measures import anchored_scores


def with_anchors(entry: TaskEntry, record: Record, outcomes: dict[str, np.ndarray], today: date) -> Record:
    """The record that scoring the same nets gives now that its task has these anchors; an equal one where it has them.

    outcomes: the arrays beside the record. Its run stays that of the trainings, with a note of the day.
    Raises MettleError for a record of another task version or definition, of a tier that no anchor is for, and of
    several sets of one method: its outcomes are totals of sets, and not of the nets that a lift is a mean of.
    """
    result, task = record.result, entry.task
    if (result.task.id, result.task.version, result.task.sha256) != (task.id, task.version, task.scoring_sha256):
        raise MettleError(
            f"Record {record.id[:12]}", f"must be of {task.id} version {task.version} as it stands", result.task.id
        )
    if result.tier != "standard":
        raise MettleError(
            f"Record {record.id[:12]}", "only nets of the ranked plan are set against anchors", result.tier
        )
    if result.replicates:
        fix = "Score its submission again."
        raise MettleError(f"Record {record.id[:12]}", "is of one set", f"{len(result.replicates)}", fix)
    nets = outcomes["primary"] / result.outcomes["primary"].scale
    anchors: dict[str, np.ndarray | None] = {arm: frozen_accuracies(entry, arm) for arm in UNITS}
    content = result.model_dump(mode="json")
    found = anchored_scores(nets, anchors["random"], anchors["whole"])
    content["scores"] |= {name: score.model_dump(mode="json") for name, score in found.items()}
    content["cells"] |= anchor_cells(anchors)
    note = (
        f"Lift and recovery follow from the accuracies of the nets of record {record.id[:12]} and from anchors that "
        f"were trained after them; they were added on {today}, and no net was trained again."
    )
    return Record.of(content, record.run.model_copy(update={"notes": [*record.run.notes, note]}))
