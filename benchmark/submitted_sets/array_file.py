"""The arrays of a file by a stranger: what its header promises is checked before anything is allocated."""

from __future__ import annotations

import difflib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from benchmark.errors import MettleError
from benchmark.submitted_sets.header_entry import Entry, printable
from benchmark.submitted_sets.npz_header import read_npz_header
from benchmark.submitted_sets.safetensors_header import read_safetensors_header

HEADER_ALLOWANCE_BYTES = 100_000
"""A file may be larger than its arrays by this much: names, shapes, notes, zip directory."""
HARMLESS_BYTES = 64_000_000
"""No limit is lower: what fits in this hurts nobody, and a refusal by shape or count says more than one by size."""

WRONG_TASK_FIX = "Was it made for this task? `task` in submission.toml says which one it is scored on."
FINITE_FIX = "Find what made it with numpy.isfinite, and leave it out or mend it."

Mistake = Literal["rows", "bool", "float", "whole"]
"""What an array is in place of what it should be: a row for each entry, or numbers of this kind."""


@dataclass(frozen=True)
class ArrayFile:
    """An open file whose header was read, and nothing else."""

    path: Path
    entries: Mapping[str, Entry]
    notes: Mapping[str, str]
    """The text beside the arrays: metadata of a safetensors file."""
    _load: Callable[[str], np.ndarray]

    def expect(
        self,
        name: str,
        dtypes: Sequence[str],
        shape: Sequence[int | str],
        fixes: Mapping[Mistake, str] | None = None,
    ) -> Entry:
        """The header's entry of an array that must have one of these types and this shape.

        shape: a number is that length, a letter any length. fixes: what to do about a mistake that means something for
        this array. Raises MettleError where it differs; axes in another order are named as such.
        """
        rule = f"{name} {_types(dtypes)} of shape ({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
        entry = self.entries.get(name)
        if entry is None:
            have = ", ".join(sorted(self.entries)) or "no arrays"
            raise MettleError(self.path, rule, f"a file with {have}", f"Add {name}.")
        found = f"{entry.dtype} of shape {entry.shape}"
        wanted_fix = (fixes or {}).get(_mistake(entry, shape))
        if entry.dtype not in dtypes:
            stored_as = "int64" if "int64" in dtypes else dtypes[-1]
            raise MettleError(self.path, rule, found, wanted_fix or f"Store it with .astype('{stored_as}').")
        fits = len(entry.shape) == len(shape) and all(
            isinstance(wanted, str) or wanted == length for wanted, length in zip(shape, entry.shape, strict=True)
        )
        if not fits:
            raise MettleError(
                self.path, rule, found, _shape_fix(entry, shape) or wanted_fix or _other_fix(entry, shape)
            )
        return entry

    def read(self, name: str) -> np.ndarray:
        """One array; MettleError for damage, and for NaN or infinity at the first position that has it."""
        try:
            array = self._load(name)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise MettleError(self.path, f"{name} is damaged", printable(error), "Write the file again.") from None
        if array.dtype.kind == "f" and not (finite := np.isfinite(array)).all():
            wrong = np.unravel_index(int(np.argmin(finite)), array.shape)
            where = f" at position {', '.join(map(str, wrong))}" if wrong else ""
            raise MettleError(self.path, f"{name} holds finite numbers", f"{array[wrong]}{where}", FINITE_FIX)
        return array


def open_arrays(path: Path, names: Sequence[str], max_bytes: int) -> ArrayFile:
    """The header of a safetensors or .npz file.

    names: the arrays it may have. max_bytes: of all arrays together, unpacked; at least `HARMLESS_BYTES`. Raises
    MettleError for a file of another kind, one that is damaged, too large, would need unpickling, or has an array of
    another name.
    """
    path, max_bytes = Path(path), max(max_bytes, HARMLESS_BYTES)
    if not path.is_file():
        raise MettleError(path, "is a file", "a folder" if path.is_dir() else "no such file", "Check the path.")
    size = path.stat().st_size
    if size > max_bytes + HEADER_ALLOWANCE_BYTES:
        rule = f"a file for this task has at most {max_bytes + HEADER_ALLOWANCE_BYTES:,} bytes"
        raise MettleError(path, rule, f"{size:,}", WRONG_TASK_FIX)
    with path.open("rb") as stream:
        start = stream.read(512)
    notes: Mapping[str, str] = {}
    if start.startswith(b"PK"):
        entries, load = read_npz_header(path)
    elif start[8:9] == b"{":
        entries, notes, load = read_safetensors_header(path, start, size)
    else:
        rule = "a submitted set is a safetensors file or an .npz file of plain arrays"
        raise MettleError(path, rule, _kind(start), "Write it with safetensors.numpy.save_file.")
    for name in sorted(set(entries) - set(names)):
        near = difflib.get_close_matches(name, names, n=1)
        fix = f"Did you mean {near[0]!r}?" if near else f"Known arrays: {', '.join(names)}."
        raise MettleError(path, f"unknown array {printable(name)!r}", fix=fix)
    if (total := sum(entry.nbytes for entry in entries.values())) > max_bytes:
        raise MettleError(
            path, f"the arrays for this task have at most {max_bytes:,} bytes", f"{total:,}", WRONG_TASK_FIX
        )
    return ArrayFile(path, entries, notes, load)


def _types(dtypes: Sequence[str]) -> str:
    """What an array of one of these types is or holds; whole numbers by their widths, unless every width will do."""
    if len(dtypes) == 1 or not all("int" in dtype for dtype in dtypes):
        return f"is {' or '.join(dtypes)}"
    widths = sorted({int(dtype.lstrip("uint")) for dtype in dtypes})
    return "holds whole numbers" + (f" of {' or '.join(map(str, widths))} bits" if widths[0] > 8 else "")


def _mistake(entry: Entry, shape: Sequence[int | str]) -> Mistake:
    if len(shape) == 1 and len(entry.shape) == 2 and min(entry.shape) > 1:
        return "rows"
    return "bool" if entry.dtype == "bool" else "whole" if "int" in entry.dtype else "float"


def _shape_fix(entry: Entry, shape: Sequence[int | str]) -> str | None:
    if len(shape) == 1 and len(entry.shape) > 1 and sorted(entry.shape)[-2] == 1:
        return "Flatten it with .reshape(-1)."
    if len(shape) == 4 and 1 in shape and entry.shape[1:] == tuple(length for length in shape[1:] if length != 1):
        return f"Add the channel axis: images[{':, None' if shape[1] == 1 else '..., None'}]."
    reordered = len(shape) > 1 and sorted(entry.shape[1:]) == sorted(map(_length, shape[1:]))
    return "Put its axes in this order." if reordered else None


def _other_fix(entry: Entry, shape: Sequence[int | str]) -> str:
    """What to do about a shape no reordering mends: one length too many or too few, or another task's arrays."""
    if not shape:
        return "Give one number."
    return "Give one value an image." if len(shape) == len(entry.shape) == 1 else WRONG_TASK_FIX


def _length(axis: int | str) -> int:
    return axis if isinstance(axis, int) else -1


def _kind(start: bytes) -> str:
    text = start.lstrip().lower()
    if not text:
        return "an empty file"
    if text.startswith(b"<"):
        return "an HTML page: the link leads to a web page, not to the file"
    if text.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer instead of the file itself"
    if start.startswith(b"\x93NUMPY"):
        return "one .npy array (numpy.savez_compressed writes several, by name)"
    if start.startswith(b"\x80"):
        return "a pickle, which is never opened (`mettle convert --kind distilled` reads the known layouts)"
    return f"a file that starts with {start[:8]!r}"
