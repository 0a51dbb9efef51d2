"""The frozen split of a task whose groups people have annotated: a table of image, label and group beside the task."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark import data
from benchmark.data import Dataset
from benchmark.data.checksums import values_sha256
from benchmark.documents import file_sha256
from benchmark.documents.location import RelativePath
from benchmark.documents.strict import Line, Sha256, Strict, parse
from benchmark.errors import MettleError
from benchmark.protocol import LabelsAlone
from benchmark.task_registry import TaskEntry
from tasks.corruption.split import Images, check_images, images_of
from tasks.subgroup.grouping import Grouping

COLUMNS = "index,label,bg_group"
RESTORE = "Restore it: git checkout -- tasks"


class AnnotationSettings(Strict):
    """The `[settings]` of a task."""

    annotations: RelativePath
    """The table, relative to the family's folder: a line an image, in test order."""
    attribute: Line
    levels: Annotated[list[Line], Field(min_length=2)]
    """Names of the groups, in the order of their codes."""


class AnnotatedSplit(Strict):
    """A `splits/*.json` of this protocol."""

    images: Images
    annotations_sha256: Sha256


@dataclass
class OpenAnnotations:
    """Labels and groups of the test images; the images are loaded when a checkpoint asks for them."""

    entry: TaskEntry
    frozen: AnnotatedSplit
    labels: np.ndarray
    """int64 (N,)."""
    grouping: Grouping
    _loaded: Dataset | None = field(default=None, init=False)

    @property
    def dataset(self) -> Dataset | LabelsAlone:
        """What the images of this run were."""
        return self._loaded or LabelsAlone("labels and groups of the frozen split")

    @property
    def images(self) -> Dataset:
        """The verified test images. Raises MettleError where they are missing."""
        if self._loaded is None:
            loaded = data.load(self.frozen.images.dataset, self.frozen.images.part)
            check_images(self.entry, self.frozen.images, loaded)
            self._loaded = loaded
        return self._loaded

    def forget_images(self) -> None:
        """Predictions are scored by labels alone, whatever this process has scored before."""
        self._loaded = None

    @property
    def set_name(self) -> str:
        """The image set of passes and of submitted files, for instance `cifar10-test`."""
        return f"{self.frozen.images.dataset}-{self.frozen.images.part}"


def settings_of(entry: TaskEntry) -> AnnotationSettings:
    """The typed settings of a task; MettleError where they are not valid."""
    return parse(AnnotationSettings, entry.task.settings, f"{entry.task.id} [settings]")


def open_annotations(entry: TaskEntry) -> OpenAnnotations:
    """The split of a task, its table and labels checked by hash. Raises MettleError for a draft and other tables."""
    frozen = parse(AnnotatedSplit, entry.split, f"{entry.task.id} split")
    labels, grouping = read_annotations(entry, settings_of(entry), frozen.annotations_sha256)
    if (found := values_sha256(labels)) != frozen.images.labels_sha256:
        rule = f"the labels of its annotations have the sha256 {frozen.images.labels_sha256}"
        raise MettleError(entry.task.id, rule, found, RESTORE)
    return OpenAnnotations(entry, frozen, labels, grouping)


def read_annotations(
    entry: TaskEntry, settings: AnnotationSettings, sha256: str | None = None
) -> tuple[np.ndarray, Grouping]:
    """Labels, int64 (N,), and groups of the task's table. Raises MettleError for another file and an empty group."""
    path = entry.folder / settings.annotations
    if not path.is_file():
        raise MettleError(path, "the annotated groups are missing", fix=RESTORE)
    if sha256 is not None and (found := file_sha256(path)) != sha256:
        raise MettleError(path, f"the annotated groups have the sha256 {sha256}", found, RESTORE)
    header, _, lines = path.read_text(encoding="ascii").partition("\n")
    try:
        if header != COLUMNS:
            raise ValueError(f"the columns {header!r}")
        table = np.loadtxt(io.StringIO(lines), dtype=np.int64, delimiter=",", ndmin=2)
    except ValueError as error:
        raise MettleError(path, f"it is a table of whole numbers with the columns {COLUMNS}", error, RESTORE) from None
    positions, labels, codes = table.T
    classes, levels = len(entry.task.data.classes), len(settings.levels)
    for name, values, wanted in (
        ("index counts images in test order", positions, np.arange(len(table))),
        (f"label is a class 0 to {classes - 1}", labels, np.clip(labels, 0, classes - 1)),
        (f"group is 0 to {levels - 1}", codes, np.clip(codes, 0, levels - 1)),
    ):
        if len(wrong := np.flatnonzero(values != wanted)):
            raise MettleError(path, f"{name}", f"{values[wrong[0]]} in line {wrong[0] + 2}", RESTORE)
    if len(empty := np.flatnonzero(np.bincount(codes, minlength=levels) == 0)):
        raise MettleError(path, "every group has an image", f"none is {settings.levels[empty[0]]}", RESTORE)
    return labels, Grouping(settings.attribute, tuple(settings.levels), codes)


def freeze_annotations(entry: TaskEntry, settings: AnnotationSettings) -> AnnotatedSplit:
    """The split of a draft task, from its table and the data set as this machine has it.

    Raises MettleError where the images are missing, and where the table's labels are not those of the data set.
    """
    labels, _ = read_annotations(entry, settings)
    dataset = data.load(entry.task.data.dataset, entry.task.data.part)
    path = entry.folder / settings.annotations
    if not np.array_equal(labels, dataset.labels):
        raise MettleError(path, f"its labels are those of {dataset.name} {dataset.part} in order", "others", RESTORE)
    return AnnotatedSplit(images=images_of(dataset), annotations_sha256=file_sha256(path))
