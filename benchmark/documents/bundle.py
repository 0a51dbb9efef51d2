"""A bundle: tasks whose scores make one number, with the anchors frozen when the bundle was made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from benchmark.documents.strict import Finite, Line, Paragraph, Strict, SubmissionName, TaskId


class BundleTask(Strict):
    """One task version of a bundle, and the scores that count as 0 and as 1."""

    id: TaskId
    version: Annotated[int, Field(ge=1)]
    floor: Finite
    """In the unit of the task's primary metric: what a constant or random model gets."""
    ceiling: Finite

    @model_validator(mode="after")
    def _apart(self) -> BundleTask:
        if self.floor == self.ceiling:
            raise ValueError("floor and ceiling differ")
        return self


class Bundle(Strict):
    """The content of `tasks/bundles/<name>-v<version>.toml`."""

    schema_version: Literal[1]
    name: SubmissionName
    version: Annotated[int, Field(ge=1)]
    title: Line
    summary: Paragraph
    tasks: Annotated[list[BundleTask], Field(min_length=2)]
    """Of one kind of artifact, one set of classes and one tier."""

    @model_validator(mode="after")
    def _each_task_once(self) -> Bundle:
        if len({task.id for task in self.tasks}) != len(self.tasks):
            raise ValueError("a bundle holds each task once, in one version")
        return self
