"""Headers first: whatever is wrong with a file is one line, before its arrays are allocated."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile_files import (
    SPARSE_BYTES,
    Payload,
    bare_pickle,
    bomb,
    endless_archive,
    header_of,
    lying_npz,
    pickled_npz,
    refusal,
    safetensors,
    safetensors_with_header,
    sparse_file,
)

from benchmark.errors import MettleError
from benchmark.submitted_sets.array_file import HARMLESS_BYTES, ArrayFile, open_arrays

NAMES = ("images", "labels")
LIMITS = {"names": NAMES, "max_bytes": HARMLESS_BYTES + 1}
IMAGES = np.arange(48, dtype=np.uint8).reshape(2, 3, 4, 2)


def opened(path: Path) -> ArrayFile:
    return open_arrays(path, NAMES, HARMLESS_BYTES)


def test_both_formats_give_equal_arrays(tmp_path: Path) -> None:
    labels = np.array([1, 0], dtype=">i4")
    safetensors(tmp_path / "a.safetensors", images=IMAGES, labels=labels.astype("<i4"))
    np.savez_compressed(tmp_path / "b.npz", images=np.asfortranarray(IMAGES), labels=labels)
    for name in ("a.safetensors", "b.npz"):
        file = opened(tmp_path / name)
        assert file.expect("images", ["uint8"], ("N", 3, 4, 2)).nbytes == 48
        assert np.array_equal(file.read("images"), IMAGES)
        found = file.read("labels")
        assert found.dtype == np.dtype("int32")
        assert found.tolist() == [1, 0]


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert "no such file" in refusal(open_arrays, tmp_path / "absent.npz", **LIMITS)
    assert "is a file, but got a folder" in refusal(open_arrays, tmp_path, **LIMITS)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>404", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "a Git LFS pointer"),
        (b"\x93NUMPY\x01\x00", "one .npy array"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "starts with b'\\x89HDF"),
        (b"PK\x03\x04" + bytes(200), "is an .npz file of plain arrays"),
    ],
)
def test_other_files_are_named(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "set.safetensors").write_bytes(content)
    assert says in refusal(open_arrays, tmp_path / "set.safetensors", **LIMITS)


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    assert "a pickle, which is never opened" in refusal(open_arrays, bare_pickle(tmp_path / "a", proof), **LIMITS)
    text = refusal(open_arrays, pickled_npz(tmp_path / "b.npz", proof), **LIMITS)
    assert "Python objects, which only a pickle holds" in text
    torch.save({"data": [[torch.zeros(2), Payload(proof)]]}, tmp_path / "c.pt")
    text = refusal(open_arrays, tmp_path / "c.pt", **LIMITS)
    assert "a torch file, which holds a pickle" in text
    assert "mettle convert" in text
    assert not proof.exists()
    np.load(tmp_path / "b.npz", allow_pickle=True)["images"]
    assert proof.exists(), "the payload is a working one"


@pytest.mark.parametrize("length", [50 * 10**9, 2**63 + 1, 100_001, 400])
def test_a_header_that_is_too_long(tmp_path: Path, length: int) -> None:
    text = refusal(open_arrays, header_of(tmp_path / "set.safetensors", length), **LIMITS)
    assert f"{length:,} bytes of header in 318 bytes" in text


@pytest.mark.parametrize(
    "header",
    [
        {"images": {"dtype": "U8", "shape": [10**12], "data_offsets": [0, 4]}},
        {"images": {"dtype": "U8", "shape": [2**40, 2**40], "data_offsets": [0, 4]}},
        {"images": {"dtype": "U8", "shape": [4], "data_offsets": [0, 400]}},
        {"images": {"dtype": "U8", "shape": [2], "data_offsets": [2, 4]}},
        {"images": {"dtype": "U8", "shape": [-4], "data_offsets": [0, 4]}},
        {"images": {"dtype": "X9", "shape": [4], "data_offsets": [0, 4]}},
        ["no", "table"],
        {"__metadata__": {"a": 3}},
    ],
)
def test_a_header_that_disagrees_with_its_file(tmp_path: Path, header: object) -> None:
    path = safetensors_with_header(tmp_path / "set.safetensors", header, bytes(4))
    if isinstance(header, list):  # such a file does not even start as one
        assert "safetensors file or an .npz file" in refusal(open_arrays, path, **LIMITS)
        return
    assert "cut short or damaged" in refusal(open_arrays, path, **LIMITS)


def test_nothing_large_is_allocated_for_a_refusal(tmp_path: Path) -> None:
    files = [
        (sparse_file(tmp_path / "sparse.safetensors", [SPARSE_BYTES]), "has at most 64,100,001 bytes, but got 50,000"),
        (bomb(tmp_path / "bomb.npz", 70_000_000), "at most 64,000,001 bytes, but got 70,000,000"),
        (lying_npz(tmp_path / "lying.npz", (10**14,)), "images has 100,000,000,000,000 bytes by its header"),
        (lying_npz(tmp_path / "wide.npz", (2**63, 2**63)), "bytes by its header"),
    ]
    tracemalloc.start()
    try:
        for path, says in files:
            assert says in refusal(open_arrays, path, **LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("header", ["{'descr': (", "-" * 9000 + "1", "{'descr': ('<i4',)}"])
def test_headers_that_numpy_cannot_read(tmp_path: Path, header: str) -> None:
    """Its reader ends in a TokenError, a MemoryError and a refusal of the keys, some of which are no ValueError."""
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    with zipfile.ZipFile(tmp_path / "set.npz", "w") as archive:
        archive.writestr("images.npy", start + header.encode())
    assert "is an .npz file of plain arrays" in refusal(open_arrays, tmp_path / "set.npz", **LIMITS)


def test_members_that_are_no_arrays(tmp_path: Path) -> None:
    for name, members in {
        "text": ["README.txt"],
        "double": ["images.npy"] * 2,
        "many": [f"{i}.npy" for i in range(20)],
    }.items():
        path = tmp_path / f"{name}.npz"
        with zipfile.ZipFile(path, "w") as archive:
            for member in members:
                if name != "double" or member not in archive.namelist():
                    archive.writestr(member, b"x")
                else:
                    with pytest.warns(UserWarning, match="Duplicate name"):
                        archive.writestr(member, b"x")
        assert "npz" in refusal(open_arrays, path, **LIMITS)


@pytest.mark.parametrize("comment", [b"", b"a comment", b"PK\5\6 that is none" + bytes(9)])
def test_a_directory_of_hundreds_of_thousands_is_not_parsed(tmp_path: Path, comment: bytes) -> None:
    """zipfile would make an object of every entry: a gigabyte from a file that is allowed."""
    path = endless_archive(tmp_path / "many.npz", 40_000, comment)
    tracemalloc.start()
    try:
        assert "directory has" in refusal(open_arrays, path, **LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_the_size_in_a_64_bit_record_counts(tmp_path: Path) -> None:
    """zipfile takes those of the 64-bit record that a locator points to, whatever the plain one says."""
    content = endless_archive(tmp_path / "many.npz", 70_000).read_bytes()
    place = content.rindex(b"PK\5\6")
    assert content[place - 20 :].startswith(b"PK\6\7")
    (tmp_path / "small.npz").write_bytes(content[: place + 12] + struct.pack("<I", 60) + content[place + 16 :])
    with zipfile.ZipFile(tmp_path / "small.npz") as archive:
        assert len(archive.infolist()) == 70_001
    assert "its directory has" in refusal(open_arrays, tmp_path / "small.npz", **LIMITS)


def test_a_64_bit_record_before_the_longest_comment_counts(tmp_path: Path) -> None:
    """zipfile looks one byte further back than the format allows, and for the record in front of what it finds."""
    content = endless_archive(tmp_path / "many.npz", 70_000).read_bytes()
    place = content.rindex(b"PK\5\6")
    locator = content[place - 20 : place - 12] + bytes(8) + content[place - 4 : place]  # points elsewhere
    end = content[place : place + 12] + struct.pack("<I", 60) + content[place + 16 : place + 20] + b"\xff\xff"
    for comment_bytes in (65_535, 65_536):
        (tmp_path / "small.npz").write_bytes(content[: place - 20] + locator + end + b"x" * comment_bytes)
        assert "its directory has" in refusal(open_arrays, tmp_path / "small.npz", **LIMITS)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("comment", [b"", b"made by hand", b"x" * 65_535])
@pytest.mark.parametrize("end64", [False, True])
def test_what_numpy_writes_is_read(tmp_path: Path, save: Callable[..., None], comment: bytes, end64: bool) -> None:
    """With a comment, and with the 64-bit end record that a file of over 4 GB has."""
    path = tmp_path / "set.npz"
    save(path, images=IMAGES, labels=np.arange(2))
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = comment
    if end64:
        content = path.read_bytes()
        place = content.rindex(b"PK\5\6")
        count, directory_bytes, start = struct.unpack("<HII", content[place + 10 : place + 20])
        record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, directory_bytes, start)
        locator = struct.pack("<4sIQI", b"PK\6\7", 0, place, 1)
        unsaid = content[place : place + 8] + b"\xff" * 12 + content[place + 20 :]
        path.write_bytes(content[:place] + record + locator + unsaid)
    file = opened(path)
    assert np.array_equal(file.read("images"), IMAGES)
    assert file.read("labels").tolist() == [0, 1]


def test_the_limit_is_of_all_arrays_together(tmp_path: Path) -> None:
    half = np.broadcast_to(np.uint8(0), 40_000_000)
    np.savez_compressed(tmp_path / "set.npz", images=half, labels=half)
    assert "at most 64,000,001 bytes, but got 80,000,000" in refusal(open_arrays, tmp_path / "set.npz", **LIMITS)


def test_other_compressions_are_not_tried(tmp_path: Path) -> None:
    np.savez(tmp_path / "plain.npz", images=IMAGES)
    with zipfile.ZipFile(tmp_path / "plain.npz") as plain:
        content = plain.read("images.npy")
    for method in (zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        with zipfile.ZipFile(tmp_path / "set.npz", "w", method) as archive:
            archive.writestr("images.npy", content)
        assert "neither stored nor deflated" in refusal(open_arrays, tmp_path / "set.npz", **LIMITS)


def test_unknown_arrays_and_strange_types(tmp_path: Path) -> None:
    path = safetensors(tmp_path / "a.safetensors", image=IMAGES)
    assert "unknown array 'image'. Did you mean 'images'?" in refusal(open_arrays, path, **LIMITS)
    np.savez(tmp_path / "b.npz", images=np.zeros(3, dtype=[("a", "u1")]))
    assert "images holds plain numbers" in refusal(open_arrays, tmp_path / "b.npz", **LIMITS)
    torch_only = {"images": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    file = opened(safetensors_with_header(tmp_path / "c.safetensors", torch_only, bytes(4)))
    text = refusal(lambda _: file.expect("images", ["uint8"], ("N",)), file.path)
    assert "images is uint8 of shape (N,), but got BF16 of shape (2,)" in text


def test_shapes_are_checked_in_the_header(tmp_path: Path) -> None:
    file = opened(safetensors(tmp_path / "a.safetensors", images=IMAGES))
    text = refusal(lambda _: file.expect("images", ["uint8"], ("N", 2, 3, 4)), file.path)
    assert "uint8 of shape (N, 2, 3, 4), but got uint8 of shape (2, 3, 4, 2). Put its axes in this order." in text
    text = refusal(lambda _: file.expect("images", ["uint8"], ("N", 2, 3, 5)), file.path)
    assert "axes" not in text
    assert "Add labels" in refusal(lambda _: file.expect("labels", ["int64"], (2,)), file.path)


def test_nan_is_named_by_position(tmp_path: Path) -> None:
    values = np.ones((2, 3), np.float32)
    values[1, 2] = np.nan
    values[1, 1] = np.inf
    file = opened(safetensors(tmp_path / "a.safetensors", images=values))
    assert "finite numbers, but got inf at position 1, 1" in refusal(lambda _: file.read("images"), file.path)


@pytest.mark.parametrize("form", ["safetensors", "npz"])
def test_damaged_bytes_end_in_one_line_or_in_arrays(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"set.{form}"
    if form == "npz":
        np.savez_compressed(path, images=IMAGES, labels=np.arange(2))
    else:
        safetensors(path, images=IMAGES, labels=np.arange(2))
    whole = path.read_bytes()
    draws = np.random.default_rng(3)
    refusals = []
    for _ in range(300):
        damaged = bytearray(whole[: draws.integers(1, len(whole) + 1)] if draws.random() < 0.3 else whole)
        for place in draws.integers(len(damaged), size=draws.integers(1, 5)):
            damaged[place] = draws.integers(256)
        path.write_bytes(damaged)
        try:
            file = opened(path)
            for name in file.entries:
                file.read(name)
        except MettleError as error:
            refusals.append(str(error))
    assert len(refusals) > 50
    assert all(text.isprintable() for text in refusals)


def test_a_long_header_of_a_later_format_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "long.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", b"\x93NUMPY\x02\x00" + (10**6).to_bytes(4, "little") + bytes(10**6))
    assert "has the array format (2, 0)" in refusal(open_arrays, path, **LIMITS)
