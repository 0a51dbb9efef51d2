"""The images of a distilled set as one picture, from the file in its submission's folder."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open

from benchmark.documents import Record, Submission, Task
from benchmark.documents.canonical import file_sha256

MOST_IMAGES = 100
A_ROW = 10
MOST_BYTES = 64_000_000
"""A larger file is not opened while a site is built."""
SMALLEST_SIDE = 48
"""CSS pixels that an image is at least wide and high, enlarged by whole factors."""
NOT_PASSED_ON = "made"
"""Folder of a submission whose files each machine makes for itself, as a rule because nobody may pass them on."""


@dataclass(frozen=True)
class DistilledImages:
    """A picture of a set's images, row by row in the order of their classes."""

    sha256: str
    """Of the file they are read from."""
    replicate: str
    """Name of the training run or part, where the record has several; else empty."""
    shown: int
    total: int
    classes: tuple[str, ...]
    """Of the images shown, each once, in order."""
    png: bytes
    width: int
    height: int
    """As shown, in CSS pixels."""


def distilled_images(task: Task, record: Record, submission: Submission, folder: Path) -> list[DistilledImages]:
    """The images of each distilled set that a record scored, in its order, at most `MOST_IMAGES` a set.

    folder: of the submission. A set is left out where its file is not there, is not the one that was scored (by its
    sha256), is no safetensors file, or lies in `NOT_PASSED_ON`.
    """
    paths = {artifact.sha256: artifact.path for artifact in submission.artifacts if artifact.path is not None}
    found = []
    for artifact in record.result.artifacts:
        if artifact.kind != "distilled" or artifact.sha256 not in paths:
            continue
        path = _file(folder, paths[artifact.sha256], artifact.sha256)
        stored = _read(path, task) if path else None
        if stored is not None:
            found.append(_picture(stored, task.data.classes, artifact.sha256, artifact.replicate or ""))
    return found


def _file(folder: Path, name: str, sha256: str) -> Path | None:
    """The file, where it is the one that was scored and may be shown; links are followed first."""
    folder = folder.resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder) or path.is_relative_to(folder / NOT_PASSED_ON):
        return None
    if not path.is_file() or path.stat().st_size > MOST_BYTES or file_sha256(path) != sha256:
        return None
    return path


@dataclass(frozen=True)
class _Stored:
    """codes: uint8 (N, C, H, W), 256 levels. bounds: float32 (C, 2), in pixel units. labels: int (N,)."""

    codes: np.ndarray
    bounds: np.ndarray
    labels: np.ndarray

    def pixels(self, positions: np.ndarray) -> np.ndarray:
        """Images as a screen shows them, cut off at black and white: uint8 (M, H, W, C)."""
        low, high = self.bounds.astype(np.float64).T
        values = (low[:, None] + np.arange(256) * (high - low)[:, None] / 255).astype(np.float32)
        values[:, 255] = high
        levels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
        return np.stack([levels[channel][self.codes[positions, channel]] for channel in range(len(levels))], axis=-1)


def _read(path: Path, task: Task) -> _Stored | None:
    """The images and classes of a file; None for one that is no set for the task."""
    try:
        with safe_open(path, "numpy") as file:
            names = {"images", "range", "labels", "soft_labels"}.intersection(file.keys())
            arrays = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError, TypeError):
        return None
    side, channels, classes = task.data.image_size, task.data.channels, len(task.data.classes)
    codes, labels, soft = arrays.get("images"), arrays.get("labels"), arrays.get("soft_labels")
    if soft is not None and soft.ndim == 2 and soft.shape[1] == classes:
        labels = soft.argmax(axis=1)
    if codes is None or codes.dtype != np.uint8 or codes.shape[1:] != (channels, side, side) or not len(codes):
        return None
    if labels is None or labels.shape != codes.shape[:1] or not np.isin(labels, np.arange(classes)).all():
        return None
    bounds = arrays.get("range", np.tile(np.array([0, 1], np.float32), (channels, 1)))
    if bounds.shape != (channels, 2) or not np.isfinite(bounds).all():
        return None
    return _Stored(codes, bounds, labels)


def _picture(stored: _Stored, names: Sequence[str], sha256: str, replicate: str) -> DistilledImages:
    chosen = _chosen(stored.labels, len(names))
    pixels = stored.pixels(chosen)
    count, side, _, channels = pixels.shape
    columns = min(A_ROW, count)
    rows = -(-count // columns)
    tiles = np.zeros((rows * columns, side, side, channels + 1), np.uint8)  # the last channel is opacity
    tiles[:count, ..., :channels], tiles[:count, ..., channels] = pixels, 255
    sheet = (
        tiles.reshape(rows, columns, side, side, -1).transpose(0, 2, 1, 3, 4).reshape(rows * side, columns * side, -1)
    )
    stream = io.BytesIO()
    Image.fromarray(sheet).save(stream, "PNG", optimize=True)
    factor = max(1, -(-SMALLEST_SIDE // side))
    return DistilledImages(
        sha256=sha256,
        replicate=replicate,
        shown=count,
        total=len(stored.labels),
        classes=tuple(names[label] for label in dict.fromkeys(stored.labels[chosen].tolist())),
        png=stream.getvalue(),
        width=factor * columns * side,
        height=factor * rows * side,
    )


def _chosen(labels: np.ndarray, classes: int) -> np.ndarray:
    """Positions of the first images of each class, equally many of each as far as there are so many, by class."""
    each = max(1, MOST_IMAGES // classes)
    places = [np.flatnonzero(labels == label)[:each] for label in range(classes)]
    return np.concatenate(places)[:MOST_IMAGES]
