"""Turns OpenOOD v1.5's published image lists into numbers: tasks/ood/lists/openood-v1.5-<benchmark>.json.

python -m scripts.import_openood_lists cifar10 FOLDER

FOLDER holds the lists as published (test_tin.txt, perhaps gzipped and with the benchmark's name in front:
cifar10_test_tin.txt.gz). For maintainers; the numbers are explained in tasks/ood/image_lists.py.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from tasks.ood.image_lists import LISTS, ImageList, ImageLists

SOURCE = "https://github.com/Jingkang50/OpenOOD"
LICENCE = "MIT, Copyright (c) 2021 Jingkang Yang"
MNIST_TRAIN = 60_000

Numbering = Callable[[list[str]], list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", choices=sorted(ROLES))
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    lists = read_published(arguments.benchmark, arguments.folder)
    document = ImageLists(source=SOURCE, licence=LICENCE, lists=lists)
    content = document.model_dump(mode="json")
    for each in content["lists"].values():
        for key in ("numbers", "without"):
            if each[key] is None:
                del each[key]
    write_atomically(LISTS / f"openood-v1.5-{arguments.benchmark}.json", (json.dumps(content) + "\n").encode())
    for role, each in lists.items():
        print(f"{role}: {len(each.chosen):,} of {each.of:,}")


def read_published(benchmark: str, folder: Path) -> dict[str, ImageList]:
    """The lists of a benchmark by role, from the published files in a folder."""
    found = {}
    for role, (name, of, numbering) in ROLES[benchmark].items():
        numbers = sorted(numbering(paths_of(folder, benchmark, name)))
        if len(set(numbers)) != len(numbers):
            raise MettleError(name, "lists an image once", "an image twice")
        rest = np.setdiff1d(np.arange(of), numbers).tolist()
        shorter = {"numbers": numbers} if len(numbers) < len(rest) else {"without": rest}
        found[role] = ImageList(name=f"{benchmark}/{name}", of=of, **shorter)
    return found


def paths_of(folder: Path, benchmark: str, name: str) -> list[str]:
    """The image paths of one published list, in its order."""
    for path in (folder / name, folder / f"{benchmark}_{name}.gz"):
        if path.is_file():
            text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            return [line.rsplit(" ", 1)[0] for line in text.decode().splitlines() if line.strip()]
    raise MettleError(folder / name, "is one of OpenOOD's image lists", "no such file")


def in_class(each: int) -> Numbering:
    """Files `.../<class>/<number from 1>.png`: class times `each` plus number; classes in alphabetical order."""

    def numbers(paths: list[str]) -> list[int]:
        parts = [path.split("/") for path in paths]
        order = sorted({part[-2] for part in parts})
        return [order.index(part[-2]) * each + int(Path(part[-1]).stem) - 1 for part in parts]

    return numbers


def in_name(pattern: str, first: int) -> Numbering:
    """Files that carry their number, counted from `first`."""
    return lambda paths: [int(re.search(pattern, path)[1]) - first for path in paths]  # type: ignore[index]


def mnist(paths: list[str]) -> list[int]:
    """Files `mnist/<part>/<label>_<number from 0>.jpg`: the train part first."""
    parts = [path.split("/") for path in paths]
    return [int(Path(part[-1]).stem.split("_")[1]) + (MNIST_TRAIN if part[-2] == "test" else 0) for part in parts]


def alphabetical(paths: list[str]) -> list[int]:
    """All images of a folder: their places in alphabetical order, for a list that leaves none out."""
    return list(range(len(set(paths))))


_FAR: dict[str, tuple[str, int, Numbering]] = {
    "far/mnist": ("test_mnist.txt", 70_000, mnist),
    "far/svhn": ("test_svhn.txt", 26_032, in_name(r"(\d+)_\d\.", 1)),
    "far/texture": ("test_texture.txt", 5_640, alphabetical),
    "far/places365": ("test_places365.txt", 36_500, in_name(r"val_(\d+)\.", 1)),
}
_TIN = in_name(r"val_(\d+)\.", 0)
ROLES: dict[str, dict[str, tuple[str, int, Numbering]]] = {
    "cifar10": {
        "test": ("test_cifar10.txt", 10_000, in_class(1000)),
        "val": ("val_cifar10.txt", 10_000, in_class(1000)),
        "val/tin": ("val_tin.txt", 10_000, _TIN),
        "near/cifar100": ("test_cifar100.txt", 10_000, in_class(100)),
        "near/tin": ("test_tin.txt", 10_000, _TIN),
        **_FAR,
    },
    "cifar100": {
        "test": ("test_cifar100.txt", 10_000, in_class(100)),
        "val": ("val_cifar100.txt", 10_000, in_class(100)),
        "val/tin": ("val_tin.txt", 10_000, _TIN),
        "near/cifar10": ("test_cifar10.txt", 10_000, in_class(1000)),
        "near/tin": ("test_tin.txt", 10_000, _TIN),
        **_FAR,
    },
}

if __name__ == "__main__":
    main()
