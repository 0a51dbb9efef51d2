"""What a recipe trains on: a part of a data set without the classes it holds out, with groups to balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark import data
from benchmark.data import Dataset
from benchmark.data.derived.colour import BACKGROUNDS, assigned_backgrounds
from benchmark.errors import MettleError

if TYPE_CHECKING:
    from benchmark.training.recipe import Recipe


@dataclass(frozen=True)
class Examples:
    """images: uint8 (N, H, W, C). labels: int64 (N,), positions in class_names. groups: int64 (N,), class x background.

    pixels_sha256: of the whole part they come from.
    """

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray | None
    pixels_sha256: str


def training_examples(recipe: Recipe, held_out: Sequence[str] = (), *, progress: bool = True) -> Examples:
    """The examples of a recipe, in the data set's order.

    `first_examples` are counted before classes are held out. Raises MettleError for a recipe that asks for more
    examples than there are, for classes to hold out that the data set lacks, and for groups it does not have.
    """
    part = data.load(recipe.dataset, recipe.part, progress=progress)
    if recipe.first_examples is not None and recipe.first_examples > len(part):
        raise MettleError(
            recipe.dataset, f"first_examples is at most the {len(part):,} of {part.name}", f"{recipe.first_examples:,}"
        )
    count = recipe.first_examples or len(part)
    groups = _groups(part)[:count] if recipe.sampling == "group_balanced" else None
    images, labels, class_names, kept = without_classes(
        part.images[:count], part.labels[:count], part.class_names, held_out
    )
    if groups is not None:
        groups = groups[kept]
    return Examples(images, labels, class_names, groups, part.pixels_sha256)


def balancing_weights(groups: np.ndarray) -> np.ndarray:
    """Chances of being drawn, float64 (N,), that reach each of the groups, int64 (N,), equally often."""
    return 1 / np.bincount(groups)[groups]


def without_classes(
    images: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...], held_out: Sequence[str]
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], np.ndarray]:
    """The images of the other classes, their labels renumbered in order, those classes, and bool (N,): who stays.

    Raises MettleError for an unknown class and where fewer than two classes stay.
    """
    if unknown := sorted(set(held_out) - set(class_names)):
        raise MettleError("hold_outs", f"classes are {', '.join(class_names)}", repr(unknown[0]))
    stay = np.array([name not in held_out for name in class_names])
    if stay.sum() < 2:
        raise MettleError("hold_outs", "at least two classes stay", int(stay.sum()))
    renumbered = np.cumsum(stay) - 1
    kept = stay[labels]
    names = tuple(name for name, stays in zip(class_names, stay, strict=True) if stays)
    if stay.all():
        return images, labels, names, kept
    return images[kept], renumbered[labels[kept]], names, kept


def _groups(part: Dataset) -> np.ndarray:
    """The class x background of each image: int64 (N,)."""
    if part.name != "fashion-mnist-colour":
        raise MettleError(part.name, "group-balanced sampling needs a data set with groups", fix="Use shuffled.")
    return part.labels * len(BACKGROUNDS) + assigned_backgrounds(part.labels, part.part)
