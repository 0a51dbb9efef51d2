"""A page read back with Python's own HTML parser: nesting, tables, links, inline code."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

VOID = {"meta", "link", "br", "hr", "img", "input", "wbr", "!doctype"}


@dataclass
class Cell:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class TableRead:
    attributes: dict[str, str | None]
    caption: str = ""
    rows: list[list[Cell]] = field(default_factory=list)

    @property
    def head(self) -> list[Cell]:
        return self.rows[0]

    @property
    def body(self) -> list[list[Cell]]:
        return self.rows[1:]


class Page(HTMLParser):
    """Raises AssertionError for an element that is closed out of order or never."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.stack: list[tuple[str, dict[str, str | None]]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self.data: dict[str, str] = {}
        """Content of data elements, by id."""
        self.tables: list[TableRead] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert not self.stack, f"{path}: never closed: {self.stack}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f"{self.path}: an attribute twice in <{tag}>"
        self.elements.append((tag, attributes))
        if tag in VOID:
            return
        self.stack.append((tag, attributes))
        if tag == "script" and attributes.get("type") == "application/json":
            self.data[attributes["id"] or ""] = ""
        elif tag in self.inline and not (tag == "title" and self.inside("svg")):
            self.inline[tag].append("")
        if tag == "table":
            self.tables.append(TableRead(attributes))
        if tag == "tr":
            self.tables[-1].rows.append([])
        if tag in ("td", "th"):
            self.tables[-1].rows[-1].append(Cell(tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"{self.path}: </{tag}> closes nothing"
        assert self.stack[-1][0] == tag, f"{self.path}: </{tag}> closes <{self.stack[-1][0]}>"
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1][1].get("type") == "application/json":
            self.data[self.stack[-1][1]["id"] or ""] += data
            return
        for tag in ("script", "style", "title"):
            if self.inside(tag) and not (tag == "title" and self.inside("svg")):
                self.inline[tag][-1] += data
                return
        self.text += data
        if self.inside("caption"):
            self.tables[-1].caption += data
        elif self.inside("td") or self.inside("th"):
            self.tables[-1].rows[-1][-1].text += data

    def inside(self, tag: str) -> bool:
        return any(open_tag == tag for open_tag, _ in self.stack)

    def table(self, identifier: str) -> TableRead:
        """The table of which the caption carries this id."""
        ids = [attributes.get("id") for tag, attributes in self.elements if tag == "caption"]
        return self.tables[ids.index(identifier)]

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def check_page(path: Path, site: Path) -> Page:
    """Read a page and hold it to what every page of the site keeps to."""
    page = Page(path)
    assert len(page.inline["script"]) == len(page.inline["style"]) == len(page.inline["title"]) == 1
    (policy,) = [meta["content"] for meta in page.of("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.inline[kind][0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "img-src 'self' data:;" in policy
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers)), f"{path}: an id twice"
    for tag, attributes in page.elements:
        assert not {name for name in attributes if name.startswith("on")}, f"{path}: an event handler in <{tag}>"
        assert "style" not in attributes, f"{path}: the policy blocks style attributes"
        assert "srcset" not in attributes
        assert tag not in ("iframe", "object", "embed", "form", "base")
        if tag == "img":
            _check_image(page, attributes, site)
        else:
            assert "src" not in attributes
        if (target := attributes.get("href")) is not None:
            _check_link(page, tag, target, site)
        for reference in (attributes.get("aria-labelledby") or "").split():
            assert reference in identifiers, f"{path}: no element {reference}"
    for table in page.tables:
        assert table.caption.strip()
        assert all(cell.tag == "th" and cell.attributes.get("scope") == "col" for cell in table.head)
        width = len(table.head)
        assert all(len(row) == width for row in table.body), f"{path}: ragged table"
        assert all(sum(cell.attributes.get("scope") == "row" for cell in row) == 1 for row in table.body)
    return page


def _check_image(page: Page, attributes: dict[str, str | None], site: Path) -> None:
    """A file of the site, of known size, with words in its place, and not loaded before it comes into view."""
    file = (page.path.parent / (attributes["src"] or "")).resolve()
    assert file.is_file(), f"{page.path}: no image {attributes['src']}"
    assert file.is_relative_to(site.resolve())
    assert (attributes.get("alt") or "").strip()
    assert int(attributes.get("width") or 0) > 0
    assert int(attributes.get("height") or 0) > 0
    assert attributes.get("loading") == "lazy"


def _check_link(page: Page, tag: str, target: str, site: Path) -> None:
    parts = urlsplit(target)
    if tag == "link":
        assert parts.scheme == "data", "a page requests nothing"
        return
    if parts.scheme:
        assert parts.scheme in ("http", "https"), target
        return
    assert not target.startswith("/"), "relative links work from file://"
    goal = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    assert goal.is_file(), f"{page.path}: {target} leads nowhere"
    assert goal.is_relative_to(site.resolve())
    if parts.fragment and goal == page.path:
        assert parts.fragment in {attributes.get("id") for _, attributes in page.elements}, target
