"""Corrupted cells made on this machine from the clean split: cached, and held against the frozen manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmark.corruptions import CORRUPTIONS, corrupt_severities
from benchmark.data import Dataset
from benchmark.data.cells import CellCache, cell_cache
from benchmark.documents import canonical_sha256
from benchmark.task_registry import TaskEntry
from tasks.corruption.cell_manifest import check_cell
from tasks.corruption.settings import split_cell
from tasks.corruption.split import GeneratedSplit


@dataclass
class GeneratedCells:
    """The cells of a `-mc` task."""

    entry: TaskEntry
    dataset: Dataset
    frozen: GeneratedSplit
    checksums: np.ndarray
    """int8 (cells, N), in the order of `frozen.cells`."""
    cache: CellCache = field(default_factory=cell_cache)
    cell_notes: dict[str, str] = field(default_factory=dict)
    """Findings about cells this process has generated, by cell."""

    @property
    def labels(self) -> np.ndarray:
        return self.dataset.labels[: self.frozen.count]

    @property
    def clean(self) -> np.ndarray:
        return self.dataset.images[: self.frozen.count]

    def cells(self, wanted: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
        """Pairs of cell name and uint8 (N, H, W, C), in the order asked; all of one corruption."""
        cached = [cell for cell in wanted if self.cache.holds(self._key(cell))]
        made = self._make([cell for cell in wanted if cell not in cached])
        for cell in wanted:
            # One at a time: five cells of CIFAR-10 are 150 MB in memory. Another process may have emptied the cache.
            images = made.pop(cell) if cell in made else self.cache.get(self._key(cell))
            yield cell, self._make_again(cell) if images is None else images

    def _make(self, cells: Sequence[str]) -> dict[str, np.ndarray]:
        """Generate cells, check and cache them; returns those that could not be cached."""
        left: dict[str, np.ndarray] = {}
        if not cells:
            return left
        for cell, images in zip(cells, self._generate(cells), strict=True):
            note = self._verify(cell, images)
            if note is not None:
                self.cell_notes[cell] = note  # not cached, so that every run that uses the cell says so
            if note is not None or not self.cache.put(self._key(cell), images):
                left[cell] = images.copy()
        return left

    def _make_again(self, cell: str) -> np.ndarray:
        images = self._generate([cell])[0]
        self._verify(cell, images)
        return images

    def _key(self, cell: str) -> str:
        corruption, severity = split_cell(cell)
        return canonical_sha256(
            {
                "pixels": self.dataset.pixels_sha256,
                "count": self.frozen.count,
                "seed": self.frozen.seed,
                "corruption": corruption,
                "version": CORRUPTIONS[corruption].version,
                "parameters": self.frozen.severities[corruption][severity - 1],
            }
        )

    def _generate(self, cells: Sequence[str]) -> np.ndarray:
        corruption = split_cell(cells[0])[0]
        parameters = [self.frozen.severities[corruption][split_cell(cell)[1] - 1] for cell in cells]
        indices = np.arange(len(self.clean), dtype=np.int64)
        return corrupt_severities(self.clean, corruption, parameters, seed=self.frozen.seed, indices=indices)

    def _verify(self, cell: str, images: np.ndarray) -> str | None:
        return check_cell(self.entry.task.id, cell, images, self.frozen, self.checksums)
