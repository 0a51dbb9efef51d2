"""Corrupted cells of a published benchmark in its own layout: one .npy per corruption, severity after severity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmark.data import Dataset
from benchmark.documents import file_sha256
from benchmark.errors import MettleError
from benchmark.paths import cache_dir, mirrors
from benchmark.task_registry import TaskEntry
from tasks.corruption.settings import CorruptionSettings, split_cell
from tasks.corruption.split import OfficialSplit, images_of, read_canary


def find_folder(entry: TaskEntry, settings: CorruptionSettings) -> Path:
    """The folder of the official files: in a mirror, else in the cache.

    Raises MettleError saying where to put them.
    """
    name = settings.folder or entry.task.name
    places = [*mirrors(), cache_dir() / "official"]
    for place in places:
        if (place / name).is_dir():
            return place / name
    source = entry.task.sources[0] if entry.task.sources else "their authors"
    raise MettleError(
        entry.task.id,
        f"it scores the official files of {name}",
        f"no folder {name} in {', '.join(map(str, places))}",
        f"Download them from {source} and put the folder there.",
    )


@dataclass
class OfficialCells:
    """The cells of CIFAR-10-C and its kin, read by memory map: no file is ever loaded whole."""

    entry: TaskEntry
    dataset: Dataset
    frozen: OfficialSplit
    settings: CorruptionSettings
    folder: Path
    cell_notes: dict[str, str] = field(default_factory=dict)
    """Official files have no tolerance, so this stays empty."""
    _verified: set[str] = field(default_factory=set)

    @property
    def labels(self) -> np.ndarray:
        return self.dataset.labels[: self.frozen.count]

    @property
    def clean(self) -> np.ndarray:
        return self.dataset.images[: self.frozen.count]

    def check_labels(self) -> None:
        """The labels file must repeat the test labels once per severity, or the rows are not what we think."""
        labels = self._open(self.settings.labels_file)
        if not np.array_equal(labels, np.tile(self.labels, self.settings.severities)):
            raise MettleError(
                self.folder / self.settings.labels_file,
                f"it holds the labels of {self.dataset.name} {self.settings.severities} times in test order",
                f"{len(labels)} other labels",
            )

    def cells(self, wanted: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
        """Pairs of cell name and uint8 (N, H, W, C), a view into the file."""
        for cell in wanted:
            corruption, severity = split_cell(cell)
            images = self._open(f"{corruption}.npy")
            expected = (self.settings.severities * self.frozen.count, *self.dataset.images.shape[1:])
            if images.shape != expected or images.dtype != np.uint8:
                raise MettleError(
                    self.folder / f"{corruption}.npy", f"it holds uint8 {expected}", f"{images.dtype} {images.shape}"
                )
            yield cell, images[(severity - 1) * self.frozen.count : severity * self.frozen.count]

    def _open(self, name: str) -> np.ndarray:
        path = self.folder / name
        if not path.is_file():
            raise MettleError(path, "the official file is missing", fix="Download it again.")
        if name not in self._verified:
            found = file_sha256(path)
            if found != self.frozen.files.get(name):
                raise MettleError(
                    path, f"the file has the sha256 {self.frozen.files.get(name)}", found, "Download it again."
                )
            self._verified.add(name)
        return np.load(path, mmap_mode="r", allow_pickle=False)


def freeze_official(entry: TaskEntry, settings: CorruptionSettings, dataset: Dataset, folder: Path) -> OfficialSplit:
    """The split that pins the files in `folder` by hash, after checking their labels and shapes."""
    names = [settings.labels_file, *(f"{corruption}.npy" for corruption in settings.standard)]
    if missing := [name for name in names if not (folder / name).is_file()]:
        raise MettleError(folder, f"{entry.task.id} needs {', '.join(names)}", f"no {', '.join(missing)}")
    labels = np.load(folder / settings.labels_file, mmap_mode="r", allow_pickle=False)
    count = len(labels) // settings.severities
    frozen = OfficialSplit(
        images=images_of(dataset),
        count=count,
        files={name: file_sha256(folder / name) for name in names},
        canary=read_canary(dataset.name, count),
    )
    cells = OfficialCells(entry, dataset, frozen, settings, folder)
    cells.check_labels()
    for corruption in settings.standard:
        list(cells.cells([f"{corruption}/1"]))
    return frozen
