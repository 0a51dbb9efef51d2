"""Titles cut to the room a drawing has for them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from markupsafe import Markup

from leaderboard.svg import Attribute, element

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
WIDE, CAPITAL = 2.0, 1.25
"""Widths of East Asian characters and emoji, and of capitals, in those of a small letter."""


def title_label(title: str, place: dict[str, Attribute], room: float, narrow_room: float, before: str = "") -> Markup:
    """The title as text of a drawing, cut for wide screens and for phones, where letters are larger; the style sheet
    shows one of the two.

    place: attributes that say where the text stands. room, narrow_room: in widths of a small letter. before: stands
    in front of the title, whole.
    """
    wide, narrow = (before + shortened(title, size - len(before)) for size in (room, narrow_room))
    if wide == narrow:
        return element("text", {"class": "name", **place}, wide)
    texts = (
        element("text", {"class": f"name {kind}", **place}, text) for kind, text in (("wide", wide), ("narrow", narrow))
    )
    return Markup("").join(texts)


def shortened(title: str, room: float) -> str:
    """The title on one line, with an ellipsis for its middle where it does not fit: titles often differ at the end.

    room: in widths of a small letter, at least 3. What takes no room of its own, such as an accent or a joiner, stays
    with the character before it.
    """
    words = " ".join(title.split())
    if sum(map(_width, words)) <= room:
        return words
    half = (room - 1) / 2
    head = words[: _fitting(words, half)]
    tail = words[len(words) - _fitting(reversed(words), half) :]
    while tail and not _width(tail[0]):
        tail = tail[1:]
    return f"{head.rstrip()}{ELLIPSIS}{tail.lstrip()}"


def _fitting(characters: Iterable[str], room: float) -> int:
    """How many of the characters fit, from the first on."""
    used, count = 0.0, 0
    for character in characters:
        used += _width(character)
        if used > room:
            break
        count += 1
    return count


def _width(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return WIDE
    return CAPITAL if character.isupper() else 1.0
