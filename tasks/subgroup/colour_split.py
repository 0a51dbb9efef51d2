"""The frozen split of the coloured backgrounds: the test images, and the hash of each of the ten scored sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark import data
from benchmark.data import Dataset
from benchmark.data.checksums import values_sha256
from benchmark.data.derived.colour import BACKGROUNDS, on_background
from benchmark.documents.strict import Line, Sha256, Strict, parse
from benchmark.errors import MettleError
from benchmark.task_registry import TaskEntry
from tasks.corruption.split import Images, check_images, images_of


class ColourSplit(Strict):
    """A `splits/*.json` of this protocol."""

    images: Images
    """The coloured test part, each image on one background."""
    origin: Images
    """The grey images that are put on every background."""
    count: int
    backgrounds: dict[Line, Sha256]
    """Hash of all `count` images on one background, uint8 (count, 28, 28, 3); the place in the list is the class whose
    home it is."""


@dataclass(frozen=True)
class OpenBackgrounds:
    """Grey test images that are put on a background when a net asks for them."""

    entry: TaskEntry
    frozen: ColourSplit
    dataset: Dataset
    grey: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        return self.dataset.labels[: self.frozen.count]

    def sets(self, backgrounds: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
        """All images on each of these backgrounds, uint8 (N, 28, 28, 3), verified; one set in memory at a time."""
        for name in backgrounds:
            images = scored_set(self.grey, BACKGROUNDS.index(name))
            if (found := values_sha256(images)) != self.frozen.backgrounds[name]:
                rule = f"the test images on {name} have the sha256 {self.frozen.backgrounds[name]}"
                fix = "Restore benchmark/data: git checkout -- benchmark/data"
                raise MettleError(self.entry.task.id, rule, found, fix)
            yield name, images


def scored_set(grey: np.ndarray, background: int) -> np.ndarray:
    """The leading test images, uint8 (N, 28, 28, 1), on one background: uint8 (N, 28, 28, 3)."""
    return on_background(grey, np.arange(len(grey)), background)


def open_backgrounds(entry: TaskEntry) -> OpenBackgrounds:
    """The split of a task over its verified images.

    Raises MettleError for a draft, a missing data set, and other backgrounds than the recipe's.
    """
    frozen = parse(ColourSplit, entry.split, f"{entry.task.id} split")
    if tuple(frozen.backgrounds) != BACKGROUNDS:
        raise MettleError(entry.task.id, f"its backgrounds are {', '.join(BACKGROUNDS)}", ", ".join(frozen.backgrounds))
    dataset, origin = (data.load(part.dataset, part.part) for part in (frozen.images, frozen.origin))
    check_images(entry, frozen.images, dataset)
    check_images(entry, frozen.origin, origin)
    return OpenBackgrounds(entry, frozen, dataset, origin.images[: frozen.count])


def freeze_backgrounds(entry: TaskEntry, count: int | None = None) -> ColourSplit:
    """The split of a draft task, of its first `count` images or of all."""
    dataset = data.load(entry.task.data.dataset, entry.task.data.part)
    if dataset.manifest.derived is None:
        raise MettleError(entry.task.id, "its data set is made from another one", dataset.name)
    origin = data.load(dataset.manifest.derived.origin, dataset.part)
    grey = origin.images[:count]
    hashes = {name: values_sha256(scored_set(grey, place)) for place, name in enumerate(BACKGROUNDS)}
    return ColourSplit(images=images_of(dataset), origin=images_of(origin), count=len(grey), backgrounds=hashes)
