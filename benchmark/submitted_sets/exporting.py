"""A distilled set for other programs and for the eye: the layout of DC's code, or a picture with a row a class."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.submitted_sets.array_file import open_arrays
from benchmark.submitted_sets.distilled import ARRAYS, DistilledSet, read_distilled
from benchmark.submitted_sets.normalization import check_normalization, numbers_in

MAX_BYTES = 2_000_000_000
SMALLEST_SIDE = 8
"""In pixels: three poolings of the judging net leave one of them."""
GAP_PIXELS = 2
SHOWN_PIXELS = 96
"""Smaller images are enlarged, by a whole number, up to this side."""


def export_set(source: Path, target: Path | None, mean: str, std: str) -> str:
    """Writes a distilled set to a .png or a .pt file, as `picture` and `write_published_layout`, and says what.

    mean, std: for .pt, numbers with commas between. Raises MettleError for another suffix and a file that is there.
    """
    if target is None or target.suffix not in (".png", ".pt"):
        rule = "a set is exported to a file named .png or .pt"
        raise MettleError("--out", rule, str(target or "nothing"), f"For a picture: --out {source.stem}.png.")
    if target.exists():
        raise MettleError(target, "an existing file is not overwritten", fix="Choose another name.")
    distilled = read_any_distilled(source)
    if target.suffix == ".png":
        side = max(distilled.images.shape[1:3])
        write_atomically(target, picture(distilled, enlarged=max(1, SHOWN_PIXELS // side)))
    else:
        write_published_layout(
            distilled, target, mean=numbers_in("--mean", mean), std=numbers_in("--std", std)
        )  # fmt: skip
    return f"wrote {target}: {len(distilled.images)} images, {distilled.labels_kind} labels"


def read_any_distilled(path: Path) -> DistilledSet:
    """The set in a file, whatever task it is for: sizes and budget are taken from its own header.

    Raises MettleError as `read_distilled`; classes are as many as the soft labels have, or as the largest label says.
    """
    file = open_arrays(path, ARRAYS, MAX_BYTES)
    count, channels, size, _ = file.expect("images", ["uint8"], ("N", "C", "H", "W")).shape
    if channels not in (1, 3) or size < SMALLEST_SIDE:
        rule = f"images have 1 or 3 channels and sides of at least {SMALLEST_SIDE} pixels"
        raise MettleError(path, rule, f"{channels} and {size}", "Is it a set of images, with axes (N, C, H, W)?")
    if "soft_labels" in file.entries and len(file.entries["soft_labels"].shape) == 2:
        classes = file.entries["soft_labels"].shape[1]
    else:
        labels = file.read("labels") if "labels" in file.entries else np.zeros(1, int)
        classes = int(labels.max(initial=0)) + 1
        if classes > max(count, 1):  # before a table of so many classes is made
            rule = f"every class has an image, so {count:,} have as many at most"
            raise MettleError(path, rule, f"{classes:,}", "Count classes from 0, without gaps.")
    return read_distilled(
        path, image_size=size, channels=channels, classes=max(classes, 1), images_per_class=max(count, 1)
    )


def write_published_layout(
    distilled: DistilledSet, target: Path, *, mean: Sequence[float], std: Sequence[float]
) -> None:
    """Writes the set as DC, DSA and DM save theirs, for code that reads those: `{"data": [[images, labels]]}`.

    images: float32 (N, C, H, W), normalized by mean and std, one value or one a channel. labels: int64 (N,), or float32
    (N, K) where they are soft. Raises MettleError as `check_normalization` does.
    """
    check_normalization(mean, std, channels=distilled.images.shape[3])
    normalized = (distilled.images - np.asarray(mean, np.float32)) / np.asarray(std, np.float32)
    images = torch.from_numpy(np.ascontiguousarray(normalized.transpose(0, 3, 1, 2)).astype(np.float32))
    soft = distilled.labels_kind == "soft"
    labels = torch.from_numpy(distilled.targets if soft else distilled.targets.argmax(axis=1))
    buffer = io.BytesIO()
    torch.save({"data": [[images, labels]], "accs_all_exps": {}}, buffer)
    write_atomically(target, buffer.getvalue())


def picture(distilled: DistilledSet, enlarged: int = 1) -> bytes:
    """A PNG of all images, a row for each class by its most likely label, cut off at black and white.

    enlarged: how many pixels of the picture, in each direction, one pixel becomes.
    """
    images, labels = distilled.pixels(), distilled.targets.argmax(axis=1)
    _, height, width, channels = images.shape
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    sheet = np.full(
        (
            len(rows) * (height + GAP_PIXELS) - GAP_PIXELS,
            max(map(len, rows)) * (width + GAP_PIXELS) - GAP_PIXELS,
            channels,
        ),
        255,
        np.uint8,
    )
    for row, members in enumerate(rows):
        for column, member in enumerate(members):
            top, left = row * (height + GAP_PIXELS), column * (width + GAP_PIXELS)
            sheet[top : top + height, left : left + width] = images[member]
    sheet = sheet.repeat(enlarged, axis=0).repeat(enlarged, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(buffer, format="PNG")
    return buffer.getvalue()
