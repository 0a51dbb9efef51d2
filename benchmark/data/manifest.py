"""What a data set must be, byte for byte, and where it can come from: one JSON file and one .npy file each."""

from __future__ import annotations

import difflib
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from benchmark.data.checksums import values_sha256
from benchmark.errors import MettleError

MANIFESTS = Path(__file__).parent / "manifests"

Sha256 = Field(pattern=r"^[0-9a-f]{64}$")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSource(_Strict):
    """The parquet files of a Hugging Face data set at one commit."""

    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = Field(pattern=r"^[0-9a-f]{40}$")
    files: dict[str, tuple[str, ...]]
    sha256: dict[str, str] = {}
    """sha256 of files of that commit; a download is held against it before it is parsed, where it is known."""


class IdxSource(_Strict):
    """Files of the MNIST family's own format: images and labels of each part, by name."""

    files: dict[str, tuple[str, str]]
    debian_package: str | None = None
    debian_folder: str | None = None


class TorchvisionSource(_Strict):
    """The class of `torchvision.datasets` whose downloader fetches the original files, and their sha256."""

    dataset: str
    sha256: dict[str, str]


class DerivedSource(_Strict):
    """The data set this one is made from, and the recipe that makes it."""

    origin: str = Field(pattern=r"^[a-z0-9-]+$")
    recipe: Literal["colour", "dirty", "cifar10n-worse"]


class PartManifest(_Strict):
    """One part (train, test) of a data set, in its official order.

    `images_sha256` covers the images outside `inexact` only, so that it accepts both the official data set and a
    mirror copy whose images at those positions are approximations. `labels_sha256` covers all labels, as int64.
    """

    count: int = Field(gt=0)
    labels_sha256: str = Sha256
    images_sha256: str = Sha256
    inexact: tuple[int, ...] = ()


class Manifest(_Strict):
    """A data set's identity: shape, classes, hashes, licence and sources."""

    schema_version: int = Field(ge=1, le=1)
    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    description: str
    homepage: str
    licence: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    parts: dict[str, PartManifest]
    checksums_sha256: str = Sha256
    hub: HubSource | None = None
    idx: IdxSource | None = None
    torchvision: TorchvisionSource | None = None
    embedded: str | None = None
    derived: DerivedSource | None = None
    folder: Path = Field(default=MANIFESTS, exclude=True)

    def part(self, part: str) -> PartManifest:
        """The entry of one part. Raises MettleError for an unknown one."""
        if part not in self.parts:
            known = ", ".join(self.parts)
            raise MettleError(f"{self.name}", f"its parts are {known}", repr(part))
        return self.parts[part]

    @cached_property
    def _all_checksums(self) -> np.ndarray:
        path = self.folder / f"{self.name}.npy"
        rows = np.load(path, allow_pickle=False)
        if (found := values_sha256(rows)) != self.checksums_sha256:
            raise MettleError(
                path,
                f"the per-image checksums of {self.name} must have sha256 {self.checksums_sha256}",
                found,
                f"Restore the file: git checkout -- {path}",
            )
        return rows

    def checksums(self, part: str) -> np.ndarray:
        """The recorded `image_checksums` of a part: int8 (N, 4); at `inexact` positions the mirror copy's."""
        start = 0
        for name, entry in self.parts.items():
            if name == part:
                return self._all_checksums[start : start + entry.count]
            start += entry.count
        self.part(part)
        raise AssertionError("unreachable: part() refuses unknown parts")


def names() -> list[str]:
    """The names of all data sets that have a manifest, sorted."""
    return sorted(path.stem for path in MANIFESTS.glob("*.json"))


def read_manifest(name: str, folder: Path = MANIFESTS) -> Manifest:
    """The manifest of one data set. Raises MettleError for an unknown name, with the nearest known one."""
    path = folder / f"{name}.json"
    if name not in {known.stem for known in folder.glob("*.json")}:
        nearest = difflib.get_close_matches(name, names(), n=1)
        fix = f"Did you mean {nearest[0]}?" if nearest else None
        raise MettleError("data set", f"known data sets are {', '.join(names())}", repr(name), fix)
    return Manifest.model_validate_json(path.read_bytes()).model_copy(update={"folder": folder})
