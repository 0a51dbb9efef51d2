"""Distilled sets: a handful of images, made rather than chosen, with hard or stored soft labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from benchmark.errors import MettleError
from benchmark.submitted_sets.array_file import WRONG_TASK_FIX, ArrayFile, open_arrays
from benchmark.submitted_sets.header_entry import printable
from benchmark.submitted_sets.labels import INTEGERS, ONE_HOT_FIX, check_classes
from benchmark.submitted_sets.quantization import MAX_PIXEL, dequantize

ARRAYS = ("images", "range", "labels", "soft_labels", "learning_rate")
SUM_TOLERANCE = {"float16": 1e-3, "float32": 1e-5}
"""How far a row of soft labels may be from summing to one: what rounding to the type can do to it, and some room."""
FLOATS_FIX = (
    "`mettle convert IN OUT --kind distilled --mean 0 --std 1` puts float images on 256 levels between bounds of their "
    "own; --mean and --std are those of the normalization they are saved in."
)
CONVERSION = "conversion"
"""The note in a safetensors file that says how it was converted."""


@dataclass(frozen=True)
class DistilledSet:
    """What a distilled file holds.

    images: float32 (N, H, W, C) in pixel units (0 black, 1 white; values may lie outside). targets: float32 (N, K),
    each row a distribution. learning_rate: the set's own, where it has one. bytes: of each array as stored.
    conversion: what the file says about its conversion, the author's word; empty where it says nothing.
    """

    images: np.ndarray
    targets: np.ndarray
    learning_rate: float | None
    bytes: Mapping[str, int]
    labels_kind: Literal["hard", "soft"]
    conversion: str = ""

    @property
    def total_bytes(self) -> int:
        """Of all arrays: pixels, their bounds, labels and learning rate."""
        return sum(self.bytes.values())

    def pixels(self) -> np.ndarray:
        """The images as a screen shows them: uint8 (N, H, W, C)."""
        return on_screen(self.images)


def on_screen(images: np.ndarray) -> np.ndarray:
    """Float images, 0 black and 1 white, cut off at both and rounded to 256 levels: uint8 of the same shape."""
    return np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)


def max_distilled_bytes(slots: int, image_size: int, channels: int, classes: int) -> int:
    """The most bytes the arrays of a valid set can have: every slot filled, int64 labels or float32 soft labels."""
    return slots * (channels * image_size**2 + max(8, 4 * classes)) + 8 * channels + 4


def read_distilled(path: Path, *, image_size: int, channels: int, classes: int, images_per_class: int) -> DistilledSet:
    """The set in a safetensors or .npz file, every value checked.

    Arrays: `images` uint8 (N, C, H, W); `range` float32 (C, 2), low and high of each channel in pixel units, 0 and 1
    unless given; exactly one of `labels`, whole numbers (N,), and `soft_labels`, float16 or float32 (N, K) with rows
    that sum to one; `learning_rate` float32, one number. The budget is images_per_class x classes slots, which the
    classes may share unevenly; none may be empty. Raises MettleError in one line for whatever is wrong, before
    anything larger than the task allows is allocated.
    """
    slots = images_per_class * classes
    file = open_arrays(path, ARRAYS, max_distilled_bytes(slots, image_size, channels, classes))
    if "images" in file.entries and file.entries["images"].dtype.startswith("float"):
        raise MettleError(path, "images is uint8, 256 levels a channel", file.entries["images"].dtype, FLOATS_FIX)
    count = file.expect("images", ["uint8"], ("N", channels, image_size, image_size)).shape[0]
    if count > slots:
        rule = f"the budget is {slots} images, {images_per_class} times the {classes} classes"
        raise MettleError(path, rule, count, f"Leave some out. {WRONG_TASK_FIX}")
    if count == 0:
        raise MettleError(path, "a distilled set has images", 0, "Write at least one for each class.")
    given = [name for name in ("labels", "soft_labels") if name in file.entries]
    if len(given) != 1:
        rule = "it has exactly one of labels and soft_labels"
        raise MettleError(path, rule, " and ".join(given) or "neither", "Remove one." if given else "Add one.")
    targets = _hard(file, count, classes) if given == ["labels"] else _soft(file, count, classes)
    if len(empty := np.flatnonzero(targets.sum(axis=0) == 0)):
        value = f"none for class {', '.join(map(str, empty[:3]))}"
        raise MettleError(path, "every class has an image", value, "Classes may share the budget unevenly: add one.")
    return DistilledSet(
        images=dequantize(file.read("images"), _bounds(file, channels)),
        targets=targets,
        learning_rate=_learning_rate(file),
        bytes={name: entry.nbytes for name, entry in sorted(file.entries.items())},
        labels_kind="hard" if given == ["labels"] else "soft",
        conversion=printable(file.notes[CONVERSION], limit=500) if CONVERSION in file.notes else "",
    )


def _bounds(file: ArrayFile, channels: int) -> np.ndarray | None:
    if "range" not in file.entries:
        return None
    file.expect("range", ["float32"], (channels, 2))
    bounds = file.read("range")
    if (bounds[:, 0] > bounds[:, 1]).any() or np.abs(bounds).max() > MAX_PIXEL:
        rule = f"range holds low and high of each channel, low first, within {MAX_PIXEL:g} of black"
        raise MettleError(file.path, rule, bounds.tolist(), "Without it, 0 is black and 255 white.")
    return bounds


def _hard(file: ArrayFile, count: int, classes: int) -> np.ndarray:
    file.expect("labels", INTEGERS, (count,), {"rows": f"{ONE_HOT_FIX}, or name it soft_labels, as floats."})
    labels = check_classes(file.path, "labels", file.read("labels"), classes)
    return np.eye(classes, dtype=np.float32)[labels]


def _soft(file: ArrayFile, count: int, classes: int) -> np.ndarray:
    entry = file.expect("soft_labels", list(SUM_TOLERANCE), (count, classes))
    rows = file.read("soft_labels").astype(np.float64)
    sums = rows.sum(axis=1)
    wrong = np.flatnonzero((rows < 0).any(axis=1) | (np.abs(sums - 1) > SUM_TOLERANCE[entry.dtype]))
    if len(wrong):
        row = wrong[0]
        raise MettleError(
            file.path, "each row of soft_labels is at least 0 and sums to 1",
            f"smallest {rows[row].min():.4g}, sum {sums[row]:.6g} in row {row}",
            "Store probabilities, not logits.",
        )  # fmt: skip
    return (rows / sums[:, None]).astype(np.float32)


def _learning_rate(file: ArrayFile) -> float | None:
    if "learning_rate" not in file.entries:
        return None
    shape = file.entries["learning_rate"].shape
    file.expect("learning_rate", ["float32"], () if shape != (1,) else (1,))
    rate = float(file.read("learning_rate").reshape(()))
    if rate <= 0:
        raise MettleError(file.path, "learning_rate is above 0", rate, "Leave it out for that of the task.")
    return rate
