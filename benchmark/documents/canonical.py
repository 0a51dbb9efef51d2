"""One byte sequence per value, so that equal results have equal sha256 on every machine."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

DECIMALS = 10  # of every float in a `result`: sums differ in the 16th digit between processors


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys, no spaces, no NaN; floats as Python's shortest round-trip text."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def bytes_sha256(content: bytes) -> str:
    """The sha256 (hex) of some bytes."""
    return hashlib.sha256(content).hexdigest()


def canonical_sha256(value: Any) -> str:
    """The sha256 (hex) of `canonical_json(value)`."""
    return bytes_sha256(canonical_json(value))


def rounded(value: Any) -> Any:
    """`value` with every float rounded to 10 decimals, at any depth; numpy scalars become Python's."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return round(value, DECIMALS) if isinstance(value, float) else value


def array_sha256(array: np.ndarray) -> str:
    """The sha256 (hex) of an array: its little-endian dtype, shape and bytes, not of any file format around it."""
    contiguous = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{contiguous.dtype.str}{list(array.shape)}".encode())
    digest.update(contiguous.data if contiguous.size else b"")
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """The sha256 (hex) of a file's bytes, read in blocks."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
