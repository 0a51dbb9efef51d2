"""What the header of a stranger's file says, as values and as text that is fit for a terminal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """What a header says of one array."""

    dtype: str
    """numpy's name, for instance `uint8`, or the format's own where numpy has none."""
    shape: tuple[int, ...]
    nbytes: int


def printable(reason: object, limit: int = 120) -> str:
    """The first line of a text that quotes a hostile file, without control characters."""
    lines = str(reason).strip().splitlines() or ["no reason given"]
    return "".join(letter if letter.isprintable() else "?" for letter in lines[0])[:limit]
