"""What a submitter computed: files of predictions, detector scores or embeddings, each value with its image."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmark.errors import MettleError
from benchmark.zip_directory import check_directory

MAX_FILE_BYTES = 2 * 1024**3
SHOWN = 3


def order_sha256(ids: np.ndarray) -> str:
    """The hash of an order of images: sha256 of their ids as little-endian int64. ids: int (N,)."""
    return hashlib.sha256(np.ascontiguousarray(ids, dtype="<i8").tobytes()).hexdigest()


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, without running code of the file; MettleError where it is not one."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise MettleError(path, f"a submitted file has at most {MAX_FILE_BYTES:,} bytes", f"{path.stat().st_size:,}")
    try:
        check_directory(path)
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("one array, not an .npz file")
        with file:
            assert file.zip is not None
            unpacked = sum(member.file_size for member in file.zip.infolist())
            if unpacked > MAX_FILE_BYTES:
                raise ValueError(f"it unpacks to {unpacked:,} bytes")
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        raise MettleError(
            path, "is an .npz file of plain arrays", error, "Write it with numpy.savez_compressed."
        ) from None


def read_submitted(path: Path, sets: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    """The values of one kind for every image set of a task, each in the order of the set.

    sets: the ids of each set, int64 (N,), in its order. kind: `predicted`, `scores` or `embeddings`; the file has an
    array `<kind>.<set>` whose first axis runs over images, and `ids.<set>` or the text `order.<set>`, which is
    `order_sha256` of the set's ids. Raises MettleError for a set or an id that is missing, double or foreign, for a
    wrong order, for NaN and infinity, and for scores that are all equal.
    """
    arrays = read_arrays(path)
    return {name: _one_set(path, arrays, name, ids, kind) for name, ids in sets.items()}


def read_predictions(path: Path, sets: Mapping[str, np.ndarray], classes: int) -> dict[str, np.ndarray]:
    """The predicted classes of every image set, int64 (N,), as `read_submitted`; MettleError for one that is none."""
    found = read_submitted(path, sets, "predicted")
    for name, predicted in found.items():
        if len(wrong := np.flatnonzero((predicted < 0) | (predicted >= classes))):
            rule = f"predicted.{name} holds classes 0 to {classes - 1}"
            raise MettleError(path, rule, f"{predicted[wrong[0]]} for image {wrong[0]}")
    return {name: predicted.astype(np.int64) for name, predicted in found.items()}


def _one_set(path: Path, arrays: Mapping[str, np.ndarray], name: str, ids: np.ndarray, kind: str) -> np.ndarray:
    key = f"{kind}.{name}"
    if key not in arrays:
        have = ", ".join(sorted(found for found in arrays if found.startswith(f"{kind}."))) or "none"
        raise MettleError(path, f"it has an array {key!r} for the image set {name}", f"it has {have}", "Add it.")
    values = arrays[key]
    if values.ndim != (2 if kind == "embeddings" else 1):
        raise MettleError(path, f"{key} has one entry an image", f"shape {list(values.shape)}")
    if values.dtype.kind not in ("iu" if kind == "predicted" else "iuf"):
        raise MettleError(path, f"{key} holds {'whole ' if kind == 'predicted' else ''}numbers", values.dtype.name)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        where = int(np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))[0])
        raise MettleError(path, f"{key} holds finite numbers", f"NaN or infinity at position {where}")
    if f"ids.{name}" in arrays:
        values = values[_positions(path, arrays[f"ids.{name}"], name, ids, len(values))]
    elif f"order.{name}" in arrays:
        wanted, found = order_sha256(ids), str(arrays[f"order.{name}"])
        if found != wanted:
            fix = f"Give `ids.{name}`, or sort the images as the task lists them."
            raise MettleError(path, f"order.{name} is {wanted}, the order of the set", found, fix)
    else:
        raise MettleError(path, f"{key} comes with `ids.{name}` or `order.{name}`", "neither", "Add one.")
    if len(values) != len(ids):
        raise MettleError(path, f"{key} has one entry for each of {len(ids):,} images", f"{len(values):,}")
    if kind == "scores" and len(values) > 1 and (values == values.flat[0]).all():
        raise MettleError(path, f"{key} tells images apart", f"all {len(values):,} scores are {values.flat[0]}")
    return values


def _positions(path: Path, given: np.ndarray, name: str, ids: np.ndarray, count: int) -> np.ndarray:
    """Where each image of the set stands in the file."""
    key = f"ids.{name}"
    if given.ndim != 1 or given.dtype.kind not in "iu" or len(given) != count:
        raise MettleError(path, f"{key} is one whole number for each of {count:,} values", f"{list(given.shape)}")
    values, firsts, counts = np.unique(given, return_index=True, return_counts=True)
    for what, wrong in (
        ("names an image once", values[counts > 1]),
        ("names images of the set only", np.setdiff1d(values, ids)),
        ("names every image of the set", np.setdiff1d(ids, values)),
    ):
        if len(wrong):
            more = f" and {len(wrong) - SHOWN:,} more" if len(wrong) > SHOWN else ""
            found = {"names an image once": "double", "names images of the set only": "foreign"}.get(what, "missing")
            raise MettleError(path, f"{key} {what}", f"{found}: {', '.join(map(str, wrong[:SHOWN]))}{more}")
    return firsts[np.searchsorted(values, ids)]
