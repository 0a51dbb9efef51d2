"""The frozen split of a task whose groups are quintiles of measured attributes, and how it is frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from benchmark import data
from benchmark.data import Dataset
from benchmark.data.checksums import values_sha256
from benchmark.documents.strict import Line, Sha256, Strict, parse
from benchmark.errors import MettleError
from benchmark.task_registry import TaskEntry
from tasks.corruption.split import Images, check_images, images_of
from tasks.subgroup.image_attributes import ATTRIBUTES, LEVELS, attribute_values, quintile_groups, quintile_thresholds

Thresholds = Annotated[list[int], Field(min_length=LEVELS - 1, max_length=LEVELS - 1)]


class AttributeSettings(Strict):
    """The `[settings]` of a task."""

    attributes: Annotated[list[Line], Field(min_length=1)]
    thresholds_part: Line
    """The part whose images the quintiles are of."""


class FrozenAttribute(Strict):
    """The quintiles of one attribute, and what they make of the test images."""

    thresholds: list[Thresholds]
    """For each class, the four values between its groups, in the attribute's own unit."""
    groups_sha256: Sha256
    """Of the group of each test image, uint8, in official order."""


class AttributeSplit(Strict):
    """A `splits/*.json` of this protocol."""

    images: Images
    count: Annotated[int, Field(ge=1)]
    thresholds_from: Images
    attributes: dict[Line, FrozenAttribute]


@dataclass(frozen=True)
class OpenAttributes:
    """Verified images and the group of each, by attribute: int64 (N,) in 0..4."""

    dataset: Dataset
    groups: dict[str, np.ndarray]


def open_attributes(entry: TaskEntry) -> OpenAttributes:
    """The split of a task; the groups are computed anew and held against the frozen hashes.

    Raises MettleError for a draft, a missing data set, and groups that are not the frozen ones.
    """
    frozen = parse(AttributeSplit, entry.split, f"{entry.task.id} split")
    dataset = data.load(frozen.images.dataset, frozen.images.part)
    check_images(entry, frozen.images, dataset)
    groups = {}
    for name, attribute in frozen.attributes.items():
        values = attribute_values(dataset.images, name)
        groups[name] = quintile_groups(values, dataset.labels, np.array(attribute.thresholds, dtype=np.int64))
        if (found := values_sha256(groups[name].astype(np.uint8))) != attribute.groups_sha256:
            rule = f"its groups by {name} have the sha256 {attribute.groups_sha256}"
            raise MettleError(entry.task.id, rule, found, "Restore tasks/: git checkout -- tasks")
    return OpenAttributes(dataset, groups)


def freeze_attributes(entry: TaskEntry) -> AttributeSplit:
    """The split of a draft task, from the data set as this machine has it.

    Raises MettleError for invalid settings and an attribute that does not exist.
    """
    settings = parse(AttributeSettings, entry.task.settings, f"{entry.task.id} [settings]")
    if unknown := [name for name in settings.attributes if name not in ATTRIBUTES]:
        raise MettleError(entry.task.id, f"attributes are {', '.join(ATTRIBUTES)}", repr(unknown[0]))
    of_task = entry.task.data
    train, test = data.load(of_task.dataset, settings.thresholds_part), data.load(of_task.dataset, of_task.part)
    attributes = {}
    for name in settings.attributes:
        thresholds = quintile_thresholds(attribute_values(train.images, name), train.labels, len(of_task.classes))
        groups = quintile_groups(attribute_values(test.images, name), test.labels, thresholds)
        attributes[name] = FrozenAttribute(
            thresholds=thresholds.tolist(), groups_sha256=values_sha256(groups.astype(np.uint8))
        )
    return AttributeSplit(
        images=images_of(test), count=len(test), thresholds_from=images_of(train), attributes=attributes
    )
