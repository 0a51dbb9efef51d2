"""The frozen splits of corruption tasks: what a `splits/*.json` file holds."""

from __future__ import annotations

import json
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from benchmark.data import Dataset
from benchmark.data.checksums import values_sha256
from benchmark.documents.strict import Finite, Line, Paragraph, Sha256, Strict, decode_file, parse
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.task_registry import TaskEntry


class Canary(Strict):
    """Test images that nearly all honest models miss; who gets them right has seen their labels."""

    rule: Paragraph
    """How the list was made."""
    ids: list[Annotated[int, Field(ge=0)]]
    flag_above: Annotated[Finite, Field(gt=0, lt=1)]
    """The flag is raised where the lower end of the accuracy's 95 % interval exceeds this."""


class Reference(Strict):
    """The net whose errors are the unit of mCE, as AlexNet is for ImageNet-C."""

    net: Line
    artifact_sha256: Sha256
    errors: dict[Line, Finite]
    """Error of every cell and of `clean`."""


class Images(Strict):
    """The clean images: positions 0 to count - 1 of a data set's part, in official order."""

    dataset: Line
    part: Line
    images_sha256: Sha256
    """Over the positions outside `inexact`."""
    labels_sha256: Sha256
    inexact: list[int] = []
    """Positions at which a mirror copy may hold approximations, and which no hash here covers."""


def images_of(dataset: Dataset) -> Images:
    """The identity of a loaded data set's part, for freezing a split on it."""
    part = dataset.manifest.part(dataset.part)
    return Images(
        dataset=dataset.name,
        part=dataset.part,
        images_sha256=part.images_sha256,
        labels_sha256=part.labels_sha256,
        inexact=list(part.inexact),
    )


def read_canary(dataset: str, count: int) -> Canary:
    """The committed canary list of a data set, as far as a split of `count` images has it."""
    path = ROOT / "tasks" / "corruption" / "canaries" / f"{dataset}.json"
    canary = parse(Canary, decode_file(path), path)
    return canary.model_copy(update={"ids": [position for position in canary.ids if position < count]})


def pinned(images: Images, count: int) -> np.ndarray:
    """Which of the first `count` images the hashes cover: bool (count,), the same for every copy of the data set."""
    covered = np.ones(count, dtype=bool)
    covered[[position for position in images.inexact if position < count]] = False
    return covered


class ManifestSplit(Strict):
    """A split whose cells are made on the user's machine and held against the hash of every cell."""

    images: Images
    count: Annotated[int, Field(ge=1)]
    seed: int
    cells: dict[Line, Sha256]
    """Over the images outside `inexact`."""
    checksums: Line
    """File of the per-image checksums, int8 (cells, count), in the order of `cells`."""
    checksums_sha256: Sha256
    canary: Canary


class GeneratedSplit(ManifestSplit):
    """A split whose cells are corruptions at severities."""

    severities: dict[Line, list[dict[str, Any]]]
    """Parameters of the generator per corruption, mildest first."""
    calibration: Paragraph
    reference: Reference | None = None


class OfficialSplit(Strict):
    """A split whose cells are published files."""

    images: Images
    count: Annotated[int, Field(ge=1)]
    files: dict[Line, Sha256]
    """sha256 of each .npy file in the official folder, by file name."""
    canary: Canary
    reference: Reference | None = None


def read_generated(entry: TaskEntry) -> GeneratedSplit:
    """The typed split of a task with generated cells."""
    return parse(GeneratedSplit, entry.split, f"{entry.task.id} split")


def read_official(entry: TaskEntry) -> OfficialSplit:
    """The typed split of a task with published cells."""
    return parse(OfficialSplit, entry.split, f"{entry.task.id} split")


def read_checksums(entry: TaskEntry, frozen: ManifestSplit) -> np.ndarray:
    """The per-image checksums of every cell, int8 (cells, count); their hash is checked."""
    assert entry.task.data.split is not None
    path = (entry.folder / entry.task.data.split).parent / frozen.checksums
    if not path.is_file():
        raise MettleError(path, "the checksums of the split are missing", fix="Restore them: git checkout -- tasks")
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise MettleError(path, "the checksums cannot be read", error, "Restore them: git checkout -- tasks") from None
    shape = (len(frozen.cells), frozen.count)
    if array.dtype != np.int8 or array.shape != shape or values_sha256(array) != frozen.checksums_sha256:
        raise MettleError(
            path, f"the checksums are int8 {shape} with the sha256 {frozen.checksums_sha256}", values_sha256(array)
        )
    return array


def check_images(entry: TaskEntry, images: Images, dataset: Dataset) -> None:
    """Hold the loaded data set's manifest against what the split was frozen on."""
    part = dataset.manifest.part(images.part)
    frozen = (images.images_sha256, images.labels_sha256, list(images.inexact))
    if (part.images_sha256, part.labels_sha256, list(part.inexact)) != frozen:
        raise MettleError(
            entry.task.id,
            f"its split was frozen on another {images.dataset}",
            f"images {part.images_sha256[:12]}, labels {part.labels_sha256[:12]}",
            "Restore benchmark/data/manifests and tasks/: git checkout -- benchmark tasks",
        )


def dump(split: Strict) -> str:
    """The split as the text of its file."""
    return json.dumps(split.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"
