"""The directory of a zip archive, measured before it is parsed: .npz files and torch checkpoints are such archives."""

from __future__ import annotations

from pathlib import Path

MAX_DIRECTORY_BYTES = 1_000_000
"""Of a hundred bytes a member, ten thousand: more than a net has tensors, and no memory is filled."""
END, END64, END64_LOCATOR = b"PK\5\6", b"PK\6\6", b"PK\6\7"
END_BYTES, END64_BYTES, LOCATOR_BYTES = 22, 56, 20
LONGEST_COMMENT_BYTES = 65_536
"""One more than the format allows: zipfile looks for the end record as far back."""
IN_64_BITS = b"\xff" * 4
"""Stands in the plain end record for a size that only the 64-bit one says."""


def check_directory(path: Path) -> None:
    """ValueError for a directory of members too large to be parsed: zipfile makes an object of every entry.

    Source: PKWARE's APPNOTE.TXT 6.3.10, 4.3.14 to 4.3.16: the end record has the directory's size at byte 12. Where the
    locator of a 64-bit record stands right before it, the size at that record's byte 40 counts instead.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - END_BYTES - LONGEST_COMMENT_BYTES - LOCATOR_BYTES - END64_BYTES))
        tail = file.read()
        for place in {len(tail) - END_BYTES, tail.rfind(END)}:  # zipfile takes the first of them that is one
            if place < 0 or tail[place : place + 4] != END:
                continue
            sizes = [tail[place + 12 : place + 16]]
            before = tail[max(0, place - LOCATOR_BYTES - END64_BYTES) : place]
            if before[-LOCATOR_BYTES:].startswith(END64_LOCATOR):  # readers differ in where they look for the record
                file.seek(int.from_bytes(before[8 - LOCATOR_BYTES : 16 - LOCATOR_BYTES], "little") % 2**62)
                records = [record for record in (before, file.read(END64_BYTES)) if record.startswith(END64)]
                sizes = [size for size in sizes if not records or size != IN_64_BITS]
                sizes += [record[40:48] for record in records]
            directory_bytes = max(int.from_bytes(size, "little") for size in sizes)
            if directory_bytes > MAX_DIRECTORY_BYTES:
                raise ValueError(
                    f"its directory has {directory_bytes:,} bytes, where {MAX_DIRECTORY_BYTES:,} are enough"
                )
