"""The `[settings]` of a detection task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from benchmark.documents.strict import Line, Strict, parse
from benchmark.task_registry import TaskEntry

Group = Literal["near", "far"]


Count = Annotated[int, Field(ge=1)]


class Sizes(Strict):
    """How many images the Fashion-MNIST sets have.

    Of the test part, in official order of each class, first come the images scored, then those of validation, then the
    sources of near misses; a class that is held out is scored with its first `held_out_per_class`.
    """

    fit_per_class: Count
    test_per_class: Count
    validation_per_class: Count
    near_misses_per_class: Count
    held_out_per_class: Count
    set_images: Count
    """Of every far set, so that average precision has one base rate."""


class DetectionSettings(Strict):
    """Which images are in distribution, which are not, and what detectors are fitted and tuned on."""

    recipe: Literal["fashion-mnist", "openood"]
    """Where the image sets come from: `fashion_sets` or `openood_sets`."""
    ranked: Group
    """The group whose mean AUROC is the primary score."""
    near: list[Line] = []
    far: list[Line] = []
    sizes: Sizes | None = None
    """Of the recipe `fashion-mnist`; OpenOOD's lists say their own."""
    hold_out: dict[Line, Annotated[list[Line], Field(min_length=1)]] = {}
    """Classes left out of training, by the name of the replicate; they are the near set of that replicate."""

    @model_validator(mode="after")
    def _ranked_group_is_given(self) -> DetectionSettings:
        if not (self.hold_out if self.ranked == "near" and self.hold_out else getattr(self, self.ranked)):
            raise ValueError(f"the ranked group {self.ranked!r} has no set")
        if (self.recipe == "fashion-mnist") != (self.sizes is not None):
            raise ValueError("sizes are given for the recipe fashion-mnist, and for no other")
        return self


def settings_of(entry: TaskEntry) -> DetectionSettings:
    """The typed settings of a task; MettleError where they are not valid."""
    return parse(DetectionSettings, entry.task.settings, f"{entry.task.id} [settings]")
