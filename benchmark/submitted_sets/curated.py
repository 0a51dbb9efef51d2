"""Curated sets: a choice from a pool with weights and labels, or images of one's own, or a ranking by suspicion."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from benchmark.errors import MettleError
from benchmark.submitted_sets.array_file import WRONG_TASK_FIX, ArrayFile, Mistake, open_arrays
from benchmark.submitted_sets.labels import INTEGERS, ONE_HOT_FIX, check_classes

Form = Literal["indices", "images", "suspicion"]
ARRAYS_OF: dict[Form, tuple[str, ...]] = {
    "indices": ("indices", "weights", "labels"),
    "images": ("images", "labels"),
    "suspicion": ("suspicion",),
}
WEIGHT_CAP = 10.0
"""No image is drawn more often than this many times the average image of its set."""
LEAST_WEIGHT = 1e-3
"""Of the average image's: what is hardly ever drawn would only pad the count of distinct images."""
POSITIONS = ("int64", "int32", "uint32", "uint64")
SHOWN = 3
BUDGET_FIX = f"Choose within it. {WRONG_TASK_FIX}"
PIXELS_FIX = "Store pixels as whole numbers 0 to 255: (255 * x).round().astype('uint8')."
FIXES: dict[str, dict[Mistake, str]] = {
    "indices": {"bool": "numpy.flatnonzero(mask) gives the positions."},
    "labels": {"rows": f"{ONE_HOT_FIX}."},
    "images": {"bool": PIXELS_FIX, "float": PIXELS_FIX},
    "suspicion": {
        "bool": "Name every position once, the most suspect first.",
        "float": "numpy.argsort(-scores) gives the order.",
    },
}


@dataclass(frozen=True)
class CuratedSet:
    """What a curated file holds, in one of three forms; the arrays of the other forms are None.

    indices: int64 (U,), the chosen positions in the pool, distinct and ascending, whatever the file's order. weights:
    float64 (U,), how often each is drawn relative to the others, with mean 1; None where all are equal. labels: int64
    (U,), None where those of the pool hold; for own images int64 (N,). images: uint8 (N, H, W, C). suspicion: int64
    (pool size,), all positions of the pool, the most suspect first.
    """

    form: Form
    indices: np.ndarray | None = None
    weights: np.ndarray | None = None
    labels: np.ndarray | None = None
    images: np.ndarray | None = None
    suspicion: np.ndarray | None = None

    def __len__(self) -> int:
        """How many distinct images it names or brings."""
        for array in (self.indices, self.images, self.suspicion):
            if array is not None:
                return len(array)
        raise ValueError("a curated set has one of the three forms")


def max_curated_bytes(pool_size: int, budget: int, image_size: int, channels: int) -> int:
    """The most bytes the arrays of a valid set can have, over the three forms."""
    choice = int(WEIGHT_CAP) * budget * (8 + 4 + 8)
    return max(choice, budget * (channels * image_size**2 + 8), 8 * pool_size)


def read_curated(
    path: Path, *, pool_size: int, budget: int, image_size: int, channels: int, classes: int
) -> CuratedSet:
    """The set in a safetensors or .npz file, every value checked.

    Forms: (1) `indices` int64 (M,), positions in the pool, where a repeat counts as an integer weight; with it
    `weights` float32 (M,), 0 or from LEAST_WEIGHT to WEIGHT_CAP times their mean, repeats added up, and `labels`, whole
    numbers (M,), equal wherever an index repeats. At most `budget` distinct indices; those of weight 0 are left out of
    the set. (2) `images` uint8 (N, H, W, C), distinct, and `labels` (N,), at most `budget`. (3) `suspicion` int64
    (pool_size,), a permutation. Raises MettleError in one line, naming positions, for whatever is wrong, before
    anything larger than the task allows is allocated.
    """
    names = tuple(dict.fromkeys(name for arrays in ARRAYS_OF.values() for name in arrays))
    file = open_arrays(path, names, max_curated_bytes(pool_size, budget, image_size, channels))
    forms = [form for form in ARRAYS_OF if form in file.entries]
    if len(forms) != 1:
        rule = "it has exactly one of indices, images and suspicion"
        raise MettleError(
            path, rule, " and ".join(forms) or "none of them", "Keep or add one: a file is one submission."
        )
    form = forms[0]
    if foreign := sorted(set(file.entries) - set(ARRAYS_OF[form])):
        raise MettleError(path, f"beside {form} there may be {_listed(ARRAYS_OF[form][1:])}", foreign[0], "Remove it.")
    if form == "images":
        return _own_images(file, budget, image_size, channels, classes)
    if form == "suspicion":
        return CuratedSet("suspicion", suspicion=_permutation(file, pool_size))
    return _choice(file, pool_size, budget, classes)


def _own_images(file: ArrayFile, budget: int, image_size: int, channels: int, classes: int) -> CuratedSet:
    count = file.expect("images", ["uint8"], ("N", image_size, image_size, channels), FIXES["images"]).shape[0]
    if not 1 <= count <= budget:
        raise MettleError(file.path, f"the budget is 1 to {budget:,} images", f"{count:,}", BUDGET_FIX)
    file.expect("labels", INTEGERS, (count,), FIXES["labels"])
    labels = check_classes(file.path, "labels", file.read("labels"), classes)
    images = file.read("images")
    first: dict[bytes, int] = {}
    for row, image in enumerate(images):
        if (earlier := first.setdefault(image.tobytes(), row)) != row:
            fix = "Keep one of them: every image counts once, and as much as every other."
            raise MettleError(file.path, "own images are distinct", f"equal pixels in rows {earlier} and {row}", fix)
    return CuratedSet("images", images=images, labels=labels)


def _permutation(file: ArrayFile, pool_size: int) -> np.ndarray:
    file.expect("suspicion", POSITIONS, (pool_size,), FIXES["suspicion"])
    order = _positions(file, "suspicion", pool_size)
    counts = np.bincount(order, minlength=pool_size)
    if len(double := np.flatnonzero(counts > 1)):
        first, second = np.flatnonzero(order == double[0])[:2]
        raise MettleError(
            file.path, "suspicion names every image of the pool once",
            f"{double[0]} at positions {first} and {second}{_more(double)}; {np.argmin(counts)} is missing",
            "numpy.argsort(-scores) gives such an order.",
        )  # fmt: skip
    return order


def _choice(file: ArrayFile, pool_size: int, budget: int, classes: int) -> CuratedSet:
    count = file.expect("indices", POSITIONS, ("M",), FIXES["indices"]).shape[0]
    longest = int(WEIGHT_CAP) * budget
    if not 1 <= count <= longest:
        rule = f"indices has 1 to {longest:,} entries, repeats included"
        raise MettleError(file.path, rule, f"{count:,}", "Name each image once; `weights` says how often it is drawn.")
    for name, dtypes in (("weights", ("float32",)), ("labels", INTEGERS)):
        if name in file.entries:
            file.expect(name, dtypes, (count,), FIXES.get(name))
    entries = _positions(file, "indices", pool_size)
    distinct, slot = np.unique(entries, return_inverse=True)
    if len(distinct) > budget:
        raise MettleError(file.path, f"the budget is {budget:,} distinct images", f"{len(distinct):,}", BUDGET_FIX)
    weights = _summed_weights(file, distinct, slot)
    labels = _relabels(file, entries, distinct, slot, classes) if "labels" in file.entries else None
    drawn = weights > 0  # what is never drawn is not chosen, and pads no count
    return CuratedSet(
        "indices",
        indices=distinct[drawn],
        weights=_relative(file, distinct[drawn], weights[drawn]),
        labels=None if labels is None else labels[drawn],
    )


def _positions(file: ArrayFile, name: str, pool_size: int) -> np.ndarray:
    values = file.read(name)
    wrong = np.flatnonzero((values < 0) | (values >= pool_size))
    if len(wrong):
        raise MettleError(
            file.path, f"{name} holds positions 0 to {pool_size - 1:,} of the pool",
            f"{values[wrong[0]]} at position {wrong[0]}{_more(wrong)}",
            "Count from 0, in the order of the pool; the task card shows how to load it.",
        )  # fmt: skip
    return values.astype(np.int64)


def _summed_weights(file: ArrayFile, distinct: np.ndarray, slot: np.ndarray) -> np.ndarray:
    """The weight of each distinct index, repeats added up: float64 (D,), some above 0."""
    if "weights" in file.entries:
        given = file.read("weights").astype(np.float64)
        if len(negative := np.flatnonzero(given < 0)):
            value = f"{given[negative[0]]:g} at position {negative[0]}{_more(negative)}"
            raise MettleError(file.path, "weights are at least 0", value, "Leave out what should not be drawn.")
        if not given.any():
            raise MettleError(
                file.path, "some weight is above 0", "all are 0", "Leave weights out where all are equal."
            )
    else:
        given = np.ones(len(slot))
    return np.bincount(slot, weights=given, minlength=len(distinct))


def _relative(file: ArrayFile, distinct: np.ndarray, summed: np.ndarray) -> np.ndarray | None:
    """Weights with a mean of 1, None where all are equal."""
    relative = summed / summed.mean()
    largest, smallest = int(np.argmax(relative)), int(np.argmin(relative))
    if relative[smallest] < LEAST_WEIGHT * (1 - 1e-6):
        raise MettleError(
            file.path, f"a weight is 0 or at least {LEAST_WEIGHT:g} times the mean weight, repeats added up",
            f"{relative[smallest]:.4g} times for index {distinct[smallest]}",
            "Set to 0 what is hardly ever drawn: it pads the count of distinct images and teaches nothing.",
        )  # fmt: skip
    if relative[largest] > WEIGHT_CAP * (1 + 1e-6):  # float32 weights at the cap pass
        raise MettleError(
            file.path, f"no image has more than {WEIGHT_CAP:g} times the mean weight, repeats added up",
            f"{relative[largest]:.4g} times for index {distinct[largest]}",
            "Cut the largest weights off, for instance by numpy.minimum, and compare again: the mean falls, too.",
        )  # fmt: skip
    return None if (relative == relative[0]).all() else relative


def _relabels(file: ArrayFile, entries: np.ndarray, distinct: np.ndarray, slot: np.ndarray, classes: int) -> np.ndarray:
    labels = check_classes(file.path, "labels", file.read("labels"), classes)
    of_image = np.empty(len(distinct), np.int64)
    of_image[slot] = labels
    if len(conflict := np.flatnonzero(of_image[slot] != labels)):
        index = entries[conflict[0]]
        where = np.flatnonzero(entries == index)
        named = ", ".join(f"{labels[place]} at position {place}" for place in where[:SHOWN])
        value = f"index {index} with {named}"
        raise MettleError(file.path, "an index that repeats has one label", value, "Give all its entries the same one.")
    return of_image


def _more(wrong: np.ndarray) -> str:
    return f" and {len(wrong) - 1:,} more" if len(wrong) > 1 else ""


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(names) or "nothing else"
