"""The `[settings]` of a corruption task."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from benchmark.documents.strict import Line, Strict, parse
from benchmark.task_registry import TaskEntry

CLEAN = "clean"


class CorruptionSettings(Strict):
    """Which cells are scored and how they are obtained."""

    cells: Literal["generated", "official"]
    """`generated` by benchmark.corruptions, or `official` .npy files of a published benchmark."""
    severities: Annotated[int, Field(ge=1, le=5)] = 5
    standard: Annotated[list[Line], Field(min_length=1)]
    held_out: list[Line] = []
    """Corruptions outside the standard set; where given, both sets weigh the same in the primary metric."""
    folder: Line | None = None
    """Folder of the official files, for instance CIFAR-10-C."""
    labels_file: Line = "labels.npy"
    """The file in it that repeats the test labels once per severity."""


def settings_of(entry: TaskEntry) -> CorruptionSettings:
    """The typed settings of a task; MettleError where they are not valid."""
    return parse(CorruptionSettings, entry.task.settings, f"{entry.task.id} [settings]")


def cell_names(settings: CorruptionSettings, corruption: str) -> list[str]:
    """`<corruption>/1` to `<corruption>/<severities>`."""
    return [f"{corruption}/{severity}" for severity in range(1, settings.severities + 1)]


def split_cell(cell: str) -> tuple[str, int]:
    """("gaussian_noise", 3) of "gaussian_noise/3"."""
    corruption, severity = cell.rsplit("/", 1)
    return corruption, int(severity)
