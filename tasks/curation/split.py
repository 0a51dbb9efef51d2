"""The frozen split of a curation task: test images, corrupted cells, the pool, and the watched training images."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark import data
from benchmark.contamination.watched import watched_positions
from benchmark.corruptions import corrupt
from benchmark.data import Dataset
from benchmark.data.checksums import image_checksums, values_sha256
from benchmark.data.derived.dirty_pool import Pool
from benchmark.documents.measured.watched_ease import read_watched_ease
from benchmark.documents.store import write_atomically
from benchmark.documents.strict import Sha256, Strict, parse
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.submitted import order_sha256
from benchmark.task_registry import TaskEntry
from tasks.corruption.generated_cells import GeneratedCells
from tasks.corruption.settings import split_cell
from tasks.corruption.split import (
    GeneratedSplit,
    Images,
    check_images,
    dump,
    images_of,
    pinned,
    read_canary,
    read_checksums,
)
from tasks.curation.pool import hard_slots, make_pool
from tasks.curation.settings import CurationSettings, settings_of

TRAIN = "train"
CORRUPTED_IMAGES = 1000
CORRUPTION_SPLITS = ROOT / "tasks" / "corruption" / "splits"


class PoolSplit(Strict):
    """The pool, and the training part it was made from."""

    origin: Images
    count: Annotated[int, Field(ge=1)]
    images_sha256: Sha256 | None = None
    """Of the pool's pixels, where they are not those of the origin."""
    labels_sha256: Sha256
    """Of the labels as a participant gets them, int64."""
    truth_sha256: Sha256
    """Of clean labels, sources and copies, one after another."""
    watched_sha256: Sha256
    """Of the positions of the watched images in the origin, in order."""


class CurationSplit(GeneratedSplit):
    """A `splits/*.json` of this family. `count` is that of the images in each corrupted cell."""

    tested: Annotated[int, Field(ge=1)]
    """Test images."""
    pool: PoolSplit


@dataclass
class OpenCuration:
    """A split whose parts are loaded when they are asked for, each held against its hash."""

    entry: TaskEntry
    settings: CurationSettings
    frozen: CurationSplit
    dataset: Dataset
    """The test part."""

    @property
    def images(self) -> np.ndarray:
        """Test images, uint8 (N, H, W, C)."""
        return self.dataset.images[: self.frozen.tested]

    @property
    def labels(self) -> np.ndarray:
        """Labels of the test images, int64 (N,)."""
        return self.dataset.labels[: self.frozen.tested]

    @cached_property
    def origin(self) -> Dataset:
        """The training part the pool was made from."""
        dataset = data.load(self.frozen.pool.origin.dataset, self.frozen.pool.origin.part)
        check_images(self.entry, self.frozen.pool.origin, dataset)
        return dataset

    @cached_property
    def pool(self) -> Pool:
        """The pool with the truth about it."""
        pool = make_pool(self.settings.pool, self.origin)
        found = _pool_hashes(pool, self.frozen.pool.images_sha256 is not None)
        for name, value in found.items():
            _hold(self.entry, f"pool, {name}", getattr(self.frozen.pool, name), value)
        return pool

    @cached_property
    def watched(self) -> np.ndarray:
        """Positions in the origin of the watched training images: int64 (W,)."""
        positions = watched_positions(self.origin.labels, self.settings.watched_per_class)
        _hold(self.entry, "watched images", self.frozen.pool.watched_sha256, order_sha256(positions))
        return positions

    @cached_property
    def watched_ease(self) -> np.ndarray | None:
        """Share of frozen nets that are right on each watched image: float64 (W,); None where it was not measured."""
        sha256, watched = self.frozen.pool.watched_sha256, len(self.watched)
        return read_watched_ease(self.entry.folder, self.dataset.name, sha256, watched)

    @cached_property
    def hard(self) -> np.ndarray:
        """Slots of the pool that a weak eye takes for another class: bool (pool,)."""
        return hard_slots(self.pool, len(self.entry.task.data.classes))

    @cached_property
    def corrupted(self) -> GeneratedCells:
        """The corrupted cells of the first test images."""
        return GeneratedCells(self.entry, self.dataset, self.frozen, read_checksums(self.entry, self.frozen))

    def cell(self, name: str) -> np.ndarray:
        """The images of one corrupted cell: uint8 (count, H, W, C)."""
        return next(self.corrupted.cells([name]))[1]


def open_curation(entry: TaskEntry) -> OpenCuration:
    """The split of a task over its verified test images."""
    frozen = parse(CurationSplit, entry.split, f"{entry.task.id} split")
    dataset = data.load(frozen.images.dataset, frozen.images.part)
    check_images(entry, frozen.images, dataset)
    return OpenCuration(entry, settings_of(entry), frozen, dataset)


def _hold(entry: TaskEntry, what: str, frozen: str | None, found: str) -> None:
    if found != frozen:
        own = "and take the authors' own labels" if settings_of(entry).pool == "cifar10n-worse" else ""
        fix = f"Restore the code: git checkout -- benchmark tasks {own}".rstrip() + "."
        raise MettleError(f"{entry.task.id} {what}", f"was frozen with the sha256 {frozen}", found, fix)


def freeze_curation(entry: TaskEntry, tested: int | None = None, corrupted: int = CORRUPTED_IMAGES) -> str:
    """The text of the split; writes the checksums of its cells beside it. tested: leading test images, all by default.

    Corruptions have the parameters and the draws of the corruption task on the same data set.
    """
    settings, own = settings_of(entry), entry.task.data
    dataset = data.load(own.dataset, own.part)
    origin = data.load(own.dataset, TRAIN)
    tested = tested or len(dataset)
    of_corruption = _corruption_split(own.dataset)
    identity = images_of(dataset)
    exact = pinned(identity, corrupted)
    hashes, sums = {}, []
    for cell in settings.cells:
        made = _corrupted(dataset.images[:corrupted], cell, of_corruption)
        hashes[cell] = values_sha256(made[exact])
        sums.append(image_checksums(made, k=1)[:, 0])
    checksums = np.stack(sums)
    pool = make_pool(settings.pool, origin)
    name = f"{entry.task.name}.v{entry.task.version}.checksums.npy"
    _write_checksums(entry, name, checksums)
    split = CurationSplit(
        images=identity,
        count=corrupted,
        tested=tested,
        seed=of_corruption.seed,
        severities={name: of_corruption.severities[name] for name in settings.corruptions},
        calibration=of_corruption.calibration,
        cells=hashes,
        checksums=name,
        checksums_sha256=values_sha256(checksums),
        canary=read_canary(own.dataset, tested),
        pool=PoolSplit(
            origin=images_of(origin),
            count=len(pool.labels),
            watched_sha256=order_sha256(watched_positions(origin.labels, settings.watched_per_class)),
            **_pool_hashes(pool, settings.pool == "dirty"),
        ),
    )
    return dump(split)


def _pool_hashes(pool: Pool, own_pixels: bool) -> dict[str, str]:
    truth = np.concatenate([pool.clean_labels, pool.sources, pool.copied.astype(np.int64)])
    pixels = {"images_sha256": values_sha256(pool.images)} if own_pixels else {}
    return pixels | {"labels_sha256": values_sha256(pool.labels), "truth_sha256": values_sha256(truth)}


def _corruption_split(dataset: str) -> GeneratedSplit:
    path = CORRUPTION_SPLITS / f"{dataset}-mc.v1.json"
    return parse(GeneratedSplit, json.loads(path.read_text(encoding="utf-8")), path)


def _corrupted(images: np.ndarray, cell: str, split: GeneratedSplit) -> np.ndarray:
    corruption, severity = split_cell(cell)
    parameters = split.severities[corruption][severity - 1]
    return corrupt(images, corruption, parameters, seed=split.seed, indices=np.arange(len(images), dtype=np.int64))


def _write_checksums(entry: TaskEntry, name: str, checksums: np.ndarray) -> None:
    folder = entry.folder / "splits"
    folder.mkdir(exist_ok=True)
    stream = io.BytesIO()
    np.save(stream, checksums, allow_pickle=False)
    write_atomically(folder / name, stream.getvalue())
