"""Titles cut to the room of a drawing."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.labels import CAPITAL, ELLIPSIS, WIDE, shortened, title_label


def test_short_titles_stay_and_long_ones_keep_both_ends() -> None:
    assert shortened("  a net \n of ours ", 13) == "a net of ours"
    cut = [shortened(f"airbench 16-32-64, {last}", 18) for last in ("flip and shift", "noise and blur")]
    assert cut == [f"airbench{ELLIPSIS}nd shift", f"airbench{ELLIPSIS}and blur"]
    assert shortened("", 5) == ""


def test_wide_characters_and_capitals_take_more_room() -> None:
    assert shortened("\u7f51" * 5, 5 * WIDE) == "\u7f51" * 5
    assert shortened("\u7f51" * 6, 5 * WIDE) == "\u7f51" * 2 + ELLIPSIS + "\u7f51" * 2
    assert shortened("N" * 10, 10) == "N" * 3 + ELLIPSIS + "N" * 3
    assert shortened("N" * 10, 10 * CAPITAL) == "N" * 10


def test_accents_stay_with_their_letter() -> None:
    accented = "e\u0301" * 20
    cut = shortened(accented, 9)
    assert cut == "e\u0301" * 4 + ELLIPSIS + "e\u0301" * 4


@given(st.text(max_size=300), st.integers(3, 40))
def test_what_is_cut_fits_and_is_cut_only_where_needed(title: str, room: int) -> None:
    cut = shortened(title, room)
    seen = [character for character in cut if unicodedata.category(character) not in ("Mn", "Me", "Cf")]
    assert len(seen) <= room
    if len(" ".join(title.split())) * WIDE <= room:
        assert cut == " ".join(title.split())


@pytest.mark.parametrize(("title", "kinds"), [("short", ["name"]), ("x" * 30, ["name wide", "name narrow"])])
def test_a_phone_gets_a_text_of_its_own_where_it_differs(title: str, kinds: list[str]) -> None:
    drawn = ElementTree.fromstring(f"<svg>{title_label(title, {'x': 3}, 20, 10, before='12 ')}</svg>")
    texts = list(drawn)
    assert [text.get("class") for text in texts] == kinds
    assert all((text.text or "").startswith("12 ") and text.get("x") == "3" for text in texts)
    assert [len(text.text or "") <= room for text, room in zip(texts, (20, 10), strict=False)] == [True] * len(texts)
