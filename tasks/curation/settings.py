"""The `[settings]` of a curation task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from benchmark.documents.strict import Line, Share, Strict, parse
from benchmark.submitted_sets.curated import Form
from benchmark.task_registry import TaskEntry
from benchmark.training.plan import TrainingPlan

PoolKind = Literal["clean", "dirty", "cifar10n-worse"]
Count = Annotated[int, Field(ge=1)]


class CurationSettings(Strict):
    """What may be chosen, and how nets are trained on it and judged."""

    pool: PoolKind
    """The training part of the data set as it is, the dirty pool made from it, or it with CIFAR-10N's worse labels."""
    budget: Count
    """Distinct images."""
    forms: Annotated[list[Form], Field(min_length=1)]
    """What a file may hold; see `benchmark.submitted_sets.curated`."""
    relabelling: bool
    """Whether a choice may bring labels of its own."""
    dropped_share: Share = 0.25
    """How much of a suspicion ranking is left out before a balanced choice is drawn at random from the rest."""
    plan: TrainingPlan
    runs: Count
    quick_steps: Count = 300
    quick_runs: Count = 3
    corruptions: Annotated[list[Line], Field(min_length=1)]
    """Each is shown at one severity, on the first test images."""
    severity: Annotated[int, Field(ge=1, le=5)]
    watched_per_class: Count
    """Clean training images whose accuracy is held against that of the test images."""

    @model_validator(mode="after")
    def _plan_counts_samples(self) -> CurationSettings:
        if self.plan.steps is None:
            raise ValueError("plan has steps: every choice is trained on as many samples, whatever its size")
        return self

    @property
    def cells(self) -> list[str]:
        """The corrupted cells, `<corruption>/<severity>`."""
        return [f"{name}/{self.severity}" for name in self.corruptions]


def settings_of(entry: TaskEntry) -> CurationSettings:
    """The typed settings of a task; MettleError where they are not valid."""
    return parse(CurationSettings, entry.task.settings, f"{entry.task.id} [settings]")
