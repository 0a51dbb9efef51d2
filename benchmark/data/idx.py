"""The idx format of the MNIST family: a big-endian header, then unsigned bytes; plain or gzipped."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from benchmark.errors import MettleError

_UNSIGNED_BYTE = 0x08


def read_idx(path: Path) -> np.ndarray:
    """The array in an idx file of unsigned bytes: uint8, its shape as in the header.

    Raises MettleError if the file is truncated, not gzip although its name ends in .gz, or not idx.
    """
    fix = "Remove the file and get it anew: mettle data fetch"
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            content = stream.read()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise MettleError(path, "must be a whole gzip file", error, fix) from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != _UNSIGNED_BYTE:
        raise MettleError(path, "must start as an idx file of unsigned bytes (00 00 08)", content[:4].hex(" "), fix)
    dimensions = content[3]
    header_bytes = 4 + 4 * dimensions
    if len(content) < header_bytes:
        raise MettleError(path, f"must have an idx header of {header_bytes} bytes", f"{len(content)} bytes", fix)
    shape = struct.unpack(f">{dimensions}I", content[4:header_bytes])
    values = int(np.prod(shape, dtype=np.int64))
    if len(content) != header_bytes + values:
        rule = f"must hold {values} values after its header"
        raise MettleError(path, rule, len(content) - header_bytes, fix)
    return np.frombuffer(content, np.uint8, offset=header_bytes).reshape(shape).copy()


def read_idx_pair(images: Path, labels: Path) -> tuple[np.ndarray, np.ndarray]:
    """The images uint8 (N, H, W, 1) and labels int64 (N,) of one part."""
    pixels = read_idx(images)
    return pixels.reshape(*pixels.shape, 1), read_idx(labels).astype(np.int64)
