"""The frozen split of distillation tasks: a test set, and a few corrupted cells of its first images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from benchmark import data
from benchmark.contamination.watched import watched_positions
from benchmark.corruptions import corrupt_severities
from benchmark.data import Dataset
from benchmark.data.checksums import image_checksums, values_sha256
from benchmark.documents import canonical_sha256
from benchmark.documents.strict import Strict, parse
from benchmark.errors import MettleError
from benchmark.task_registry import TaskEntry
from tasks.corruption.generated_cells import GeneratedCells
from tasks.corruption.settings import split_cell
from tasks.corruption.split import (
    Canary,
    GeneratedSplit,
    Images,
    check_images,
    images_of,
    pinned,
    read_canary,
    read_checksums,
)
from tasks.distillation.settings import settings_of

TRAIN = "train"
CORRUPTED_IMAGES = 1000
SEED = 61
"""That of the corruption tasks: the cells are the first images of theirs."""
CELLS = (
    "gaussian_noise/3", "impulse_noise/3", "defocus_blur/3", "motion_blur/3", "frost/3", "fog/3", "brightness/3",
    "contrast/3", "elastic_transform/3", "pixelate/3", "jpeg_compression/3", "checkerboard_cutout/3",
)  # fmt: skip
"""The middle severity of two or three corruptions of each group, and of a held-out one."""
CANARIES_SHA256 = {
    "cifar10": "ad0d18fd0479b62d94bb640a7ead6755f21b5240d9c8d0ba490122d3b1ce0425",
    "fashion-mnist": "cb09edbad4e0b4964ae1cae46ead4a686d1dd9e4a437c5d411649db3acf124e9",
}
"""Of the canary lists that version 1 of the tasks asks about; the split holds those of its corrupted images only."""


class DistillationSplit(Strict):
    """What a distillation task tests nets on."""

    test: Images
    tested: Annotated[int, Field(ge=1)]
    """Nets are tested on so many leading images."""
    corrupted: GeneratedSplit
    """Cells over the first images of the test set."""


@dataclass
class OpenDistillationSplit:
    """The test images and corrupted cells of a task, verified."""

    dataset: Dataset
    frozen: DistillationSplit
    corrupted: GeneratedCells
    watched_per_class: int

    @property
    def images(self) -> np.ndarray:
        """uint8 (N, H, W, C)"""
        return self.dataset.images[: self.frozen.tested]

    @property
    def labels(self) -> np.ndarray:
        """int64 (N,)"""
        return self.dataset.labels[: self.frozen.tested]

    @property
    def cells(self) -> list[str]:
        return list(self.frozen.corrupted.cells)

    @cached_property
    def corrupted_images(self) -> np.ndarray:
        """uint8 (cells, n, H, W, C), in the order of `cells`."""
        return np.stack([images for cell in self.cells for _, images in self.corrupted.cells([cell])])

    @cached_property
    def watched(self) -> tuple[np.ndarray, np.ndarray]:
        """Training images that are watched, uint8 (W, H, W, C), and their labels, int64 (W,).

        Images that copies of the data set differ in are not among them.
        """
        training = data.load(self.dataset.name, TRAIN, progress=False)
        unsure = training.manifest.part(TRAIN).inexact
        positions = watched_positions(training.labels, self.watched_per_class, unsure)
        return training.images[positions], training.labels[positions]

    @cached_property
    def training_pixels_sha256(self) -> str:
        """Of all training images of this copy."""
        return data.load(self.dataset.name, TRAIN, progress=False).pixels_sha256

    @cached_property
    def canary(self) -> Canary:
        """Test images that nearly all honest models miss; MettleError where the list is another than the frozen one."""
        name = self.dataset.name
        if name not in CANARIES_SHA256:
            fix = "Add its sha256 to CANARIES_SHA256 in tasks/distillation/split.py."
            raise MettleError(f"canaries of {name}", f"are pinned for {', '.join(CANARIES_SHA256)}", name, fix)
        found = canonical_sha256(read_canary(name, len(self.dataset)).model_dump(mode="json"))
        if found != CANARIES_SHA256[name]:
            fix = "Restore it: git checkout -- tasks/corruption/canaries. Another list is another version of the tasks."
            raise MettleError(f"canaries of {name}", f"were frozen with the sha256 {CANARIES_SHA256[name]}", found, fix)
        return read_canary(name, self.frozen.tested)

    @property
    def judging(self) -> dict[str, Any]:
        """What decides what a net is found to get right: the pixels of this copy, the labels and the cells."""
        return {
            "pixels": self.dataset.pixels_sha256,
            "labels": self.frozen.test.labels_sha256,
            "tested": self.frozen.tested,
            "watched_per_class": self.watched_per_class,
            "cells": canonical_sha256(self.frozen.corrupted.cells),
        }


def open_distillation_split(entry: TaskEntry) -> OpenDistillationSplit:
    """The split of a task over its verified test images; MettleError where they are others."""
    frozen = parse(DistillationSplit, entry.split, f"{entry.task.id} split")
    dataset = data.load(frozen.test.dataset, frozen.test.part)
    check_images(entry, frozen.test, dataset)
    cells = GeneratedCells(entry, dataset, frozen.corrupted, read_checksums(entry, frozen.corrupted))
    split = OpenDistillationSplit(dataset, frozen, cells, settings_of(entry).watched_per_class)
    _ = split.canary  # refused here, before any training
    return split


def freeze_split(
    dataset: Dataset,
    calibration: dict[str, Any],
    checksums_file: str,
    *,
    tested: int | None = None,
    corrupted: int = CORRUPTED_IMAGES,
    cells: Sequence[str] = CELLS,
) -> tuple[DistillationSplit, np.ndarray]:
    """A new split over a test set, and the checksums of its cells, int8 (cells, n), which stand in a file of their own.

    calibration: the calibrated severities of the data set's corruption tasks. tested: leading images; all unless given.
    """
    count = corrupted
    images, identity = dataset.images[:count], images_of(dataset)
    severities = {split_cell(cell)[0]: calibration["severities"][split_cell(cell)[0]] for cell in cells}
    hashes, checksums = {}, []
    for cell in cells:
        corruption, severity = split_cell(cell)
        parameters = [severities[corruption][severity - 1]]
        indices = np.arange(count, dtype=np.int64)
        pixels = corrupt_severities(images, corruption, parameters, seed=SEED, indices=indices)[0]
        hashes[cell] = values_sha256(pixels[pinned(identity, count)])
        checksums.append(image_checksums(pixels, k=1)[:, 0])
    table = np.stack(checksums)
    nets = ", ".join(f"{name} ({accuracy:.1%})" for name, accuracy in calibration["nets"].items())
    made = GeneratedSplit(
        images=identity,
        count=count,
        seed=SEED,
        severities=severities,
        calibration=f"On {calibration['images']} with {nets}; they keep {calibration['targets']} of their accuracy.",
        cells=hashes,
        checksums=checksums_file,
        checksums_sha256=values_sha256(table),
        canary=read_canary(dataset.name, count),
    )
    return DistillationSplit(test=identity, tested=tested or len(dataset), corrupted=made), table
