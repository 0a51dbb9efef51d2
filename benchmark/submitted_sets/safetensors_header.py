"""The header of a safetensors file, within limits, and a reader of its tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from benchmark.errors import MettleError
from benchmark.submitted_sets.header_entry import Entry, printable

MAX_HEADER_BYTES = 100_000
"""The format allows a thousand times more; a few arrays need a few hundred."""
NUMPY_NAMES = {
    "BOOL": ("bool", 1), "U8": ("uint8", 1), "I8": ("int8", 1), "U16": ("uint16", 2), "I16": ("int16", 2),
    "U32": ("uint32", 4), "I32": ("int32", 4), "U64": ("uint64", 8), "I64": ("int64", 8),
    "F16": ("float16", 2), "F32": ("float32", 4), "F64": ("float64", 8),
}  # fmt: skip


def read_safetensors_header(
    path: Path, start: bytes, size: int
) -> tuple[dict[str, Entry], Mapping[str, str], Callable[[str], np.ndarray]]:
    """The arrays by name, the texts beside them, and a function that reads one of the arrays.

    start: the file's first bytes. size: its bytes. Raises MettleError for a header that is too large, cut short, or
    does not agree with the file; the offsets of all tensors must fill the file exactly.
    """
    header_bytes = int.from_bytes(start[:8], "little")
    if header_bytes > min(size - 8, MAX_HEADER_BYTES):
        raise MettleError(
            path, f"the header of a safetensors file fits in it and has at most {MAX_HEADER_BYTES:,} bytes",
            f"{header_bytes:,} bytes of header in {size:,} bytes",
            "Write it with safetensors.numpy.save_file, without long notes.",
        )  # fmt: skip
    entries: dict[str, Entry] = {}
    try:
        with safe_open(str(path), framework="np") as file:
            notes = dict(file.metadata() or {})
            for name in file.keys():  # noqa: SIM118 - not a dict
                tensor = file.get_slice(name)
                numpy_name, item_bytes = NUMPY_NAMES.get(tensor.get_dtype(), (str(tensor.get_dtype()), 1))
                shape = tuple(tensor.get_shape())
                entries[name] = Entry(numpy_name, shape, prod(shape) * item_bytes)
    except (SafetensorError, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise MettleError(
            path, "the safetensors file is cut short or damaged", printable(error), "Write it again."
        ) from None

    def load(name: str) -> np.ndarray:
        try:
            with safe_open(str(path), framework="np") as file:
                return file.get_tensor(name)
        except (SafetensorError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(str(error)) from None

    return entries, notes, load
