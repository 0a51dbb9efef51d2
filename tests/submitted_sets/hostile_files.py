"""Files that a careless or hostile person would submit, written byte by byte where no library writes them."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from benchmark.errors import MettleError

SPARSE_BYTES = 50 * 10**9


def refusal(read: Callable[..., Any], path: Path, **limits: Any) -> str:
    """The one line with which `read` refuses a file; it says what to do."""
    with pytest.raises(MettleError) as caught:
        read(path, **limits)
    text = str(caught.value)
    assert "\n" not in text
    assert text.isprintable()
    assert len(text) < 600
    assert str(path) in text
    assert caught.value.fix
    return text


def safetensors(path: Path, **arrays: np.ndarray) -> Path:
    save_file({name: np.asarray(array, order="C") for name, array in arrays.items()}, path)
    return path


def safetensors_with_header(path: Path, header: object, payload: bytes = b"") -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + payload)
    return path


def header_of(path: Path, header_bytes: int) -> Path:
    """A file of a few hundred bytes that announces a header of any length."""
    path.write_bytes(struct.pack("<Q", header_bytes) + b'{"images":' + bytes(300))
    return path


def sparse_file(path: Path, shape: list[int]) -> Path:
    """A valid safetensors file whose uint8 images take 50 GB by `ls` and nothing on the disk."""
    header = json.dumps({"images": {"dtype": "U8", "shape": shape, "data_offsets": [0, int(np.prod(shape))]}}).encode()
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(header)) + header)
        stream.truncate(8 + len(header) + int(np.prod(shape)))
    return path


def bomb(path: Path, count: int) -> Path:
    """An .npz file that honestly unpacks to `count` bytes from a thousandth of them."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": (count,)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("images.npy", "w") as member:
        member.write(buffer.getvalue())
        for start in range(0, count, 1 << 20):
            member.write(bytes(min(1 << 20, count - start)))
    return path


def lying_npz(path: Path, shape: tuple[int, ...]) -> Path:
    """An .npz file whose array header claims more than the member has."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("images.npy", buffer.getvalue() + bytes(10))
    return path


def endless_archive(path: Path, entries: int, comment: bytes = b"") -> Path:
    """An archive of one small member that its directory lists again and again."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("0.npy", b"x")
        archive.filelist += [archive.infolist()[0]] * entries
        archive.comment = comment
    return path


class Payload:
    """A pickle of it creates a folder when it is loaded."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return Path.mkdir, (self.target,)


def pickled_npz(path: Path, proof: Path) -> Path:
    """An .npz file with an array of Python objects, one of which acts when unpickled."""
    np.savez(path, images=np.array([Payload(proof)], dtype=object))
    return path


def bare_pickle(path: Path, proof: Path) -> Path:
    path.write_bytes(pickle.dumps(Payload(proof)))
    return path
