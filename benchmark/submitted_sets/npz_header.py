"""The headers of the arrays in an .npz file, and a reader that unpacks no more than they say."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from benchmark.errors import MettleError
from benchmark.submitted_sets.header_entry import Entry, printable
from benchmark.zip_directory import check_directory

MAX_MEMBERS = 16
HEADER_VERSION = (1, 0)
"""numpy writes a later one only for headers above 64 kB, and reads gigabytes of one before it looks at its length."""
NPZ_FIX = "Write it with numpy.savez_compressed."
TORCH_FIX = "`mettle convert IN OUT --kind distilled` reads the known layouts of distilled sets."


def read_npz_header(path: Path) -> tuple[dict[str, Entry], Callable[[str], np.ndarray]]:
    """The arrays by name, and a function that reads one of them.

    Raises MettleError for a damaged archive, members that are no arrays, arrays of Python objects (which only an
    unpickler could read), and members that unpack to more or less than their array has.
    """
    entries: dict[str, Entry] = {}
    try:
        check_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if any(member.filename.endswith("data.pkl") for member in members):
                value = "a torch file, which holds a pickle, and a pickle is never opened"
                raise MettleError(path, "a submitted set is a safetensors or .npz file", value, TORCH_FIX)
            if len(members) > MAX_MEMBERS:
                rule = f"an .npz file has at most {MAX_MEMBERS} arrays here"
                raise MettleError(path, rule, f"{len(members):,}", "Write the known arrays alone.")
            for member in members:
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise ValueError("its members are neither stored nor deflated")  # others may ask for any memory
                name = member.filename.removesuffix(".npy")
                if name == member.filename or name in entries:
                    raise ValueError(f"the member {member.filename[:80]!r} is no array, or there are two of it")
                with archive.open(member) as stream:
                    entries[name] = _entry(path, name, stream, member.file_size)
    except (OSError, ValueError, EOFError, LookupError, RuntimeError, NotImplementedError, SyntaxError, TypeError,
            MemoryError, tokenize.TokenError, zipfile.BadZipFile, zlib.error) as error:  # fmt: skip
        raise MettleError(path, "is an .npz file of plain arrays", printable(error), NPZ_FIX) from None

    def load(name: str) -> np.ndarray:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as stream:
                array = np.lib.format.read_array(stream, allow_pickle=False)
                return np.require(array, array.dtype.newbyteorder("="), "C")
        except zlib.error as error:
            raise ValueError(str(error)) from None

    return entries, load


def _entry(path: Path, name: str, stream: IO[bytes], unpacked_bytes: int) -> Entry:
    version = np.lib.format.read_magic(stream)
    if version != HEADER_VERSION:
        raise ValueError(f"{name} has the array format {version}")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.hasobject or dtype.names is not None or dtype.kind not in "biuf":
        value = "Python objects, which only a pickle holds" if dtype.hasobject else str(dtype)
        raise MettleError(path, f"{name} holds plain numbers", value, "Write it as an array of numbers.")
    if any(length < 0 for length in shape):
        raise ValueError(f"{name} has the shape {shape}")
    promised = prod(shape) * dtype.itemsize
    if unpacked_bytes - stream.tell() != promised:
        raise ValueError(f"{name} has {promised:,} bytes by its header and {unpacked_bytes:,} in the archive")
    return Entry(dtype.newbyteorder("=").name, tuple(shape), promised)
