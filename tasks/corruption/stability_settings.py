"""The `[settings]` of a stability task, and the names of its cells."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from benchmark.documents.strict import Finite, Line, Strict, parse
from benchmark.task_registry import TaskEntry
from tasks.corruption.recrops import DIRECTIONS
from tasks.corruption.settings import CLEAN

Positive = Annotated[Finite, Field(gt=0)]


class StabilitySettings(Strict):
    """Which patches and bands are scored beside the nine crops."""

    patch_px: Annotated[int, Field(ge=1)]
    """Side of the square patch; a divisor of the image's side."""
    patch_corruptions: Annotated[list[Line], Field(min_length=1)]
    octave_edges: Annotated[list[Positive], Field(min_length=2)]
    """Cycles per image at which octaves begin and end, lowest first: one octave less than edges."""
    noise_sds: Annotated[list[Positive], Field(min_length=1)]
    """Standard deviations of the noise as a share of the range from black to white, smallest first."""

    @model_validator(mode="after")
    def _rising(self) -> StabilitySettings:
        edges = self.octave_edges
        if any(2 * low != high for low, high in pairwise(edges)):
            raise ValueError(f"octave_edges double from one to the next, but are {edges}")
        if self.noise_sds != sorted(set(self.noise_sds)):
            raise ValueError(f"noise_sds rise, but are {self.noise_sds}")
        return self

    @property
    def octaves(self) -> list[tuple[float, float]]:
        """Bands from (included) to (excluded) in cycles per image, lowest first."""
        return list(pairwise(self.octave_edges))


def stability_settings(entry: TaskEntry) -> StabilitySettings:
    """The typed settings of a task; MettleError where they are not valid."""
    return parse(StabilitySettings, entry.task.settings, f"{entry.task.id} [settings]")


SHIFTS = {f"shift:{direction}": direction for direction in DIRECTIONS}
"""Cell -> direction of the crop."""


def patch_cells(settings: StabilitySettings) -> dict[str, str]:
    """Cell -> corruption inside the patch."""
    return {f"patch:{corruption}": corruption for corruption in settings.patch_corruptions}


def octave_cells(settings: StabilitySettings, octave: tuple[float, float]) -> dict[str, float]:
    """Cell -> standard deviation of the noise of one octave."""
    return {f"octave:{octave[0]:g}-{octave[1]:g}/{sd:g}": sd for sd in settings.noise_sds}


def cell_groups(settings: StabilitySettings) -> list[list[str]]:
    """All cells, those together that share their noise; the clean one, which is the centre crop, first."""
    alone = [[cell] for cell in (CLEAN, *SHIFTS, *patch_cells(settings))]
    return [*alone, *(list(octave_cells(settings, octave)) for octave in settings.octaves)]
