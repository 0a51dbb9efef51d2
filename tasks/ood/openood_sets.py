"""Image sets of OpenOOD v1.5's CIFAR benchmarks, from OpenOOD's own folder or from what is here of the originals."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from benchmark import data
from benchmark.data import Dataset
from benchmark.errors import MettleError
from benchmark.paths import mirrors
from tasks.ood.image_lists import ImageList, read_lists
from tasks.ood.split import IMAGES, OpenDetection, Selection, View

SIZE = 32
FOLDER = "images_classic"
"""The folder into which OpenOOD's downloader unpacks its images."""
TIN_PARQUET = "hub/zh-plus/tiny-imagenet/data/valid-00000-of-00001.parquet"
TIN_IMAGES = 10_000

_FILES = {
    "svhn": "svhn/test/*.jpg",
    "texture": "texture/*/*.jpg",
    "places365": "places365/*/Places365_val_*.jpg",
    "tin": "tin/val/images/val_*.JPEG",
    "cifar10": "cifar10/test/*/*.png",
    "cifar100": "cifar100/test/*/*.png",
}


class OpenoodDetection(OpenDetection):
    """CIFAR-10 or CIFAR-100 against OpenOOD's near and far sets, with its validation images."""

    @cached_property
    def lists(self) -> dict[str, ImageList]:
        """The image lists by role."""
        return dict(read_lists(self.dataset.name))

    def sources(self) -> dict[str, str]:
        """In one sentence, what each pass shows."""
        described = {"train": f"{self.dataset.name}/train", IMAGES: f"{self.dataset.name}/test"}
        for name in self._outside():
            described[name] = f"OpenOOD v1.5's list of {name}, made {SIZE} x {SIZE}, ordered by number"
        return described

    def load(self, name: str) -> np.ndarray:
        """The images of a pass: uint8 (N, 32, 32, 3)."""
        if (whole := self.whole_part(name)) is not None:
            return whole.images
        numbers = self._numbers(name)
        if name == "mnist":
            images = np.concatenate([data.load("mnist", part).images for part in ("train", "test")])[numbers]
            return np.stack([resized(image.repeat(3, axis=2)) for image in images])
        if name == "cifar10":
            cifar = data.load("cifar10", "test")
            return cifar.images[by_class(cifar.labels)[numbers]]
        if name == "tin" and (parquet := _found(TIN_PARQUET)) is not None:
            wanted = set(numbers.tolist())
            return np.stack([resized(_decoded(image)) for number, image in _tin(parquet) if number in wanted])
        return self._from_folder(name, numbers)

    def whole_part(self, name: str) -> Dataset | None:
        """Train and test part are shown whole."""
        return self._train if name == "train" else super().whole_part(name)

    @cached_property
    def _train(self) -> Dataset:
        return data.load(self.dataset.name, "train")

    def make_view(self, replicate: str | None) -> View:
        """OpenOOD's own selection; sets whose images are not pinned are named."""
        unpinned = tuple(self.frozen.unpinned) if self.entry.task.data.split is not None else ()
        order, labels = by_class(self.dataset.labels), self.dataset.labels
        inside, validation = (np.sort(order[self.lists[role].chosen]) for role in ("test", "val"))
        start = len(inside)
        outside: dict[str, dict[str, Selection]] = {"near": {}, "far": {}}
        for role in self._roles():
            group, name = role.split("/")
            numbers = self.lists[role].chosen
            units = np.arange(start, start + len(numbers), dtype=np.uint32)
            if role not in unpinned:
                outside[group][name] = self._outside_selection(name, numbers, units)
            start += len(numbers)
        train = np.arange(len(self._train))
        return View(
            fit=Selection("train", train, train, self._train.labels),
            in_validation=Selection(IMAGES, validation, validation, labels[validation]),
            out_validation={
                "tin": self._outside_selection("tin", self.lists["val/tin"].chosen, np.empty(0, np.uint32))
            },
            inside=Selection(IMAGES, inside, inside, labels[inside], np.arange(len(inside), dtype=np.uint32)),
            outside={group: sets for group, sets in outside.items() if sets},
            unpinned=unpinned,
        )

    def _roles(self) -> list[str]:
        return [f"{group}/{name}" for group in ("near", "far") for name in getattr(self.settings, group)]

    def _outside(self) -> list[str]:
        return list(dict.fromkeys(role.split("/")[1] for role in (*self._roles(), "val/tin")))

    def _numbers(self, name: str) -> np.ndarray:
        """The numbers of all images of a set that any role uses, ascending: the order of its pass."""
        used = [each.chosen for role, each in self.lists.items() if role.endswith(f"/{name}")]
        return np.unique(np.concatenate(used))

    def _outside_selection(self, name: str, numbers: np.ndarray, units: np.ndarray) -> Selection:
        positions = np.searchsorted(self._numbers(name), numbers)
        return Selection(name, positions, numbers, np.full(len(numbers), -1), units)

    def _from_folder(self, name: str, numbers: np.ndarray) -> np.ndarray:
        """The listed images out of OpenOOD's folder, all of which must be there."""
        folder = _found(FOLDER)
        everything = sorted(folder.glob(_FILES[name])) if folder is not None else []
        numbered = dict(zip(_number_files(name, everything), everything, strict=True))
        missing = [number for number in numbers.tolist() if number not in numbered]
        if missing:
            raise MettleError(
                f"{self.entry.task.id} images {name}",
                f"all {len(numbers):,} images of OpenOOD's list are needed",
                f"{len(missing):,} are missing",
                f"Put OpenOOD's folder {FOLDER} (its scripts/download) into a folder named by METTLE_MIRROR.",
            )
        return np.stack([resized(_decoded(numbered[number].read_bytes())) for number in numbers.tolist()])


def resized(image: np.ndarray) -> np.ndarray:
    """An RGB image as OpenOOD shows it, uint8 (32, 32, 3): shorter side to 32, then the middle.

    Pillow's bilinear filter, which takes the mean over the pixels that one new pixel covers; image: uint8 (H, W, 3).
    """
    from PIL import Image

    height, width = image.shape[:2]
    short = min(height, width)
    if (height, width) != (SIZE, SIZE):
        size = (SIZE * width // short, SIZE * height // short)
        image = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))
    top, left = (round((length - SIZE) / 2) for length in image.shape[:2])
    return image[top : top + SIZE, left : left + SIZE]


def by_class(labels: np.ndarray) -> np.ndarray:
    """Positions of all images, class after class, each in official order: int64 (N,)."""
    return np.argsort(labels, kind="stable")


def _number_files(name: str, files: list[Path]) -> list[int]:
    numbering: dict[str, Callable[[int, Path], int]] = {
        "svhn": lambda _, path: int(path.stem.split("_")[0]) - 1,
        "places365": lambda _, path: int(path.stem.rsplit("_", 1)[1]) - 1,
        "tin": lambda _, path: int(path.stem.split("_")[1]),
    }
    return [numbering.get(name, lambda place, _: place)(place, path) for place, path in enumerate(files)]


def _tin(parquet: Path) -> Iterator[tuple[int, bytes]]:
    """Number and encoded image of Tiny-ImageNet's validation part, in ascending order."""
    import pyarrow.parquet as pq

    rows = pq.read_table(parquet, columns=["image"]).column("image").to_pylist()
    numbered = sorted((int(row["path"].split("_")[1].split(".")[0]), row["bytes"]) for row in rows)
    if [number for number, _ in numbered] != list(range(TIN_IMAGES)):
        raise MettleError(parquet, f"holds val_0 to val_{TIN_IMAGES - 1}", f"{len(numbered):,} images")
    return iter(numbered)


def _decoded(encoded: bytes) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(encoded), formats=("JPEG", "PNG")) as image:
        return np.asarray(image.convert("RGB"))


def _found(name: str) -> Path | None:
    """The first mirror folder's file or folder of this name."""
    return next((mirror / name for mirror in mirrors() if (mirror / name).exists()), None)
