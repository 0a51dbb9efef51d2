"""Distilled sets as their authors published them: pickled tensors of normalized floats, in one of a few layouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmark.errors import MettleError
from benchmark.models.checkpoint_file import read_checkpoint
from benchmark.submitted_sets.array_file import open_arrays

MAX_BYTES = 2_000_000_000
MOST_CLASSES = 2**31
"""Far more than any data set has, so that infinity is none and every number below fits an integer."""
IMAGE_NAMES = ("images", "image_syn", "data")
LABEL_NAMES = ("labels", "label_syn", "target", "soft_labels")
NUMPY_PICKLES = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
SAVE_TENSORS = "Save its images and labels alone, for instance with numpy.savez(path, images=..., labels=...)."


@dataclass(frozen=True)
class PublishedSet:
    """images: float32 (N, C, H, W), as stored. labels: int64 (N,), or float32 (N, K) where they are soft."""

    images: np.ndarray
    labels: np.ndarray
    sets_in_file: int


def read_published(source: Path, labels_file: Path | None = None, which: int | None = None) -> PublishedSet:
    """One set from a published file, read without running code of the file.

    Layouts: DC, DSA and DM (`{"data": [[images, labels], ...]}`, several sets, `which` counts them from 0); MTT and its
    successors (a tensor of images, with the labels in `labels_file`); a pair [images, labels]; a dict or .npz file with
    `images` and `labels`. Raises MettleError for another layout, a set that is not there, and images or labels of
    another shape.
    """
    content = _load(source)
    sets = _sets(content, source, None if labels_file is None else _load(labels_file))
    if which is None and len(sets) > 1:
        raise MettleError(source, f"it holds {len(sets)} sets", fix=f"Choose one: --set 0 to --set {len(sets) - 1}.")
    if not 0 <= (which or 0) < len(sets):
        raise MettleError("--set", f"{source} holds the sets 0 to {len(sets) - 1}", which, "Count from 0.")
    images, labels = (_array(part, source) for part in sets[which or 0])
    if images.ndim != 4 or images.dtype.kind != "f" or images.shape[1] not in (1, 3):
        raise MettleError(
            source, "images are floats (N, C, H, W)", f"{images.dtype} {images.shape}", _images_fix(images, source)
        )
    if 0 in images.shape:
        raise MettleError(source, "holds at least one image of one pixel", str(images.shape), "Is it the right file?")
    if labels.ndim not in (1, 2) or len(labels) != len(images) or 0 in labels.shape:
        rule = f"labels are ({len(images)},) or ({len(images)}, classes)"
        raise MettleError(source, rule, str(labels.shape), "Are images and labels of one run?")
    if labels.dtype.kind not in "biuf":
        raise MettleError(source, "labels are real numbers", labels.dtype, SAVE_TENSORS)
    if labels.ndim == 1:
        numbers = labels.astype(np.float64)
        is_class = (numbers == np.rint(numbers)) & (numbers > -MOST_CLASSES) & (numbers < MOST_CLASSES)
        if not is_class.all():
            worst = numbers[np.flatnonzero(~is_class)[0]]
            raise MettleError(source, "labels of one number an image are classes", worst, "Save whole numbers.")
    return PublishedSet(
        images.astype(np.float32), labels.astype(np.int64 if labels.ndim == 1 else np.float32), len(sets)
    )


def read_scalar(source: Path) -> float:
    """The one number in a file, for instance a learned learning rate; MettleError where it holds something else."""
    value = _array(_load(source), source)
    if value.size != 1:
        raise MettleError(source, "it holds one number", f"shape {value.shape}", "Is it the file of the rate?")
    return float(value.reshape(()))


def _load(path: Path) -> object:
    if path.suffix == ".npz":
        file = open_arrays(path, (*IMAGE_NAMES, *LABEL_NAMES), MAX_BYTES)
        return {name: file.read(name) for name in file.entries}
    try:
        with _numbers_as_pickled_by_numpy():
            return read_checkpoint(path, MAX_BYTES)
    except MettleError as error:
        if not error.fix or "mettle convert" not in error.fix:
            raise
        raise MettleError(path, error.rule, error.value, SAVE_TENSORS) from None


def _sets(content: object, source: Path, labels: object) -> list[tuple[object, object]]:
    data: Any = content.get("data") if isinstance(content, Mapping) else [content]
    if isinstance(data, Sequence) and data and all(_is_pair(one) for one in data):
        if labels is not None:
            raise MettleError(source, "it has labels of its own", fix="Leave out --labels, which is for files without.")
        return [(one[0], one[1]) for one in data]
    if isinstance(content, Mapping):
        found = next((content[name] for name in IMAGE_NAMES if name in content), None)
        labels = (
            labels if labels is not None else next((content[name] for name in LABEL_NAMES if name in content), None)
        )
        if found is not None:
            content = found
    if isinstance(content, torch.Tensor | np.ndarray):
        if labels is None:
            raise MettleError(source, "it holds images without labels", fix="Name the file of labels: --labels FILE.")
        return [(content, labels)]
    raise MettleError(source, "no known layout of a distilled set", f"a {type(content).__name__}", SAVE_TENSORS)


def _images_fix(images: np.ndarray, source: Path) -> str:
    if images.ndim == 4 and images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        return "Put its axes in the order N, C, H, W."
    if images.ndim != 4 or images.shape[1] not in (1, 3) or images.dtype.kind not in "iu":
        return SAVE_TENSORS
    if images.dtype == np.uint8 and source.suffix in (".npz", ".safetensors"):
        return f"It needs no conversion: name it in submission.toml (`mettle init NAME --task TASK --file {source}`)."
    return "Divide by 255 and store as float32."


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and len(value) == 2
        and all(isinstance(part, torch.Tensor | np.ndarray) for part in value)
    )


def _array(value: object, source: Path) -> np.ndarray:
    if isinstance(value, torch.Tensor) and value.layout == torch.strided and not value.is_quantized:
        return value.detach().cpu().float().numpy() if value.is_floating_point() else value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | int | float):
        return np.asarray(value)
    raise MettleError(source, "images and labels are plain tensors", type(value).__name__, SAVE_TENSORS)


class _Ignored:
    """Takes the place of a numpy type or number while unpickling: the accuracies beside the images are not needed."""

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


@contextmanager
def _numbers_as_pickled_by_numpy() -> Iterator[None]:
    # DC's files hold their own accuracies as numpy numbers, which weights_only refuses; nothing of numpy is called.
    replaced = [
        *NUMPY_PICKLES,
        "numpy.dtype",
        *(f"numpy.dtypes.{kind}DType" for kind in ("Float64", "Float32", "Int64")),
    ]
    with torch.serialization.safe_globals([(_Ignored, name) for name in replaced]):
        yield
