"""A family's card: the Markdown of `tasks/<family>/README.md` as HTML that can do no harm."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

HEADING_SHIFT = 2
"""A card stands under an <h2>, so its own first heading becomes an <h3>."""


def card(path: Path) -> Markup:
    """The rendered card; empty where the file does not exist.

    HTML in the Markdown is shown as text, an image becomes its alternative text (it would be a request), and only
    http(s) links stay links: a relative one points into the repository, where the page is not.
    """
    if not path.is_file():
        return Markup("")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(path.read_text(encoding="utf-8"))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + HEADING_SHIFT, 6)}"
        if token.type in ("table_open", "table_close"):
            token.attrs.pop("style", None)
        if token.type in ("th_open", "td_open"):
            _class_for_alignment(token)
        if token.children:
            token.children = _harmless(token.children)
    # markdown-it escapes all text, and with html=False it writes no markup but its own.
    return Markup(markdown.renderer.render(tokens, markdown.options, {}))


def _class_for_alignment(cell: Token) -> None:
    """The policy of the page refuses style attributes; a class does the same."""
    style = str(cell.attrs.pop("style", ""))
    if style == "text-align:right":
        cell.attrs["class"] = "number"


def _harmless(tokens: list[Token]) -> list[Token]:
    kept: list[Token] = []
    open_links: list[bool] = []
    for original in tokens:
        token = original
        if token.type == "image":
            token = Token("text", "", 0, content=token.content)
        if token.type == "link_open":
            open_links.append(bool(re.match(r"https?://", str(token.attrs.get("href", "")))))
            token.attrs["rel"] = "noopener noreferrer"
        is_link = token.type in ("link_open", "link_close")
        if not is_link or open_links[-1]:
            kept.append(token)
        if token.type == "link_close":
            open_links.pop()
    return kept
