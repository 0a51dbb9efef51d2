"""The cells of a stability task, made on this machine from the clean images and held against the frozen manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmark.corruptions import corrupt
from benchmark.data import Dataset
from benchmark.documents.strict import Line, Paragraph, parse
from benchmark.task_registry import TaskEntry
from tasks.corruption.band_noise import with_band_noise
from tasks.corruption.cell_manifest import check_cell
from tasks.corruption.patches import with_patch
from tasks.corruption.recrops import recrop
from tasks.corruption.settings import CLEAN
from tasks.corruption.split import ManifestSplit
from tasks.corruption.stability_settings import SHIFTS, StabilitySettings, octave_cells, patch_cells


class StabilitySplit(ManifestSplit):
    """A frozen split of a stability task."""

    patch_parameters: dict[Line, dict[str, Any]]
    """Parameters of the generator per corruption inside a patch."""
    patch_parameters_from: Paragraph


def read_stability_split(entry: TaskEntry) -> StabilitySplit:
    """The typed split of a stability task."""
    return parse(StabilitySplit, entry.split, f"{entry.task.id} split")


def make_cells(
    settings: StabilitySettings,
    patch_parameters: dict[str, dict[str, Any]],
    seed: int,
    clean: np.ndarray,
    wanted: Sequence[str],
) -> Iterator[tuple[str, np.ndarray]]:
    """Pairs of cell and uint8 (N, H, W, C), in the order asked; `clean` are the images 0 to N - 1 of the data set."""
    indices = np.arange(len(clean), dtype=np.int64)
    patches = patch_cells(settings)
    for cell in wanted:
        if cell == CLEAN:
            yield cell, clean
        elif cell in SHIFTS:
            yield cell, recrop(clean, SHIFTS[cell])
        elif corruption := patches.get(cell):
            whole = corrupt(clean, corruption, patch_parameters[corruption], seed=seed, indices=indices)
            yield cell, with_patch(clean, whole, corruption, settings.patch_px, seed=seed, indices=indices)
    for octave in settings.octaves:
        sds = {cell: sd for cell, sd in octave_cells(settings, octave).items() if cell in wanted}
        if sds:
            noisy = with_band_noise(clean, octave, tuple(sds.values()), seed=seed, indices=indices)
            yield from zip(sds, noisy, strict=True)


@dataclass
class StabilityCells:
    """An open stability task."""

    entry: TaskEntry
    dataset: Dataset
    frozen: StabilitySplit
    settings: StabilitySettings
    checksums: np.ndarray
    """int8 (cells, N), in the order of `frozen.cells`."""
    cell_notes: dict[str, str] = field(default_factory=dict)
    """Findings about cells this process has made, by cell."""

    @property
    def labels(self) -> np.ndarray:
        return self.dataset.labels[: self.frozen.count]

    @property
    def clean(self) -> np.ndarray:
        return self.dataset.images[: self.frozen.count]

    def cells(self, wanted: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
        """Pairs of cell and uint8 (N, H, W, C), checked; the clean one was checked when the data set was loaded."""
        made = make_cells(self.settings, self.frozen.patch_parameters, self.frozen.seed, self.clean, wanted)
        for cell, images in made:
            if cell != CLEAN and (note := check_cell(self.entry.task.id, cell, images, self.frozen, self.checksums)):
                self.cell_notes[cell] = note
            yield cell, images
