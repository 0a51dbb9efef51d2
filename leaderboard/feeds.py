"""What changed, as an Atom and a JSON feed: the newest events, derived from the records like the page."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from xml.etree import ElementTree

from leaderboard.collect import Collection
from leaderboard.events import Event, events
from leaderboard.guide_pages import WORDS
from leaderboard.numbers import decimals, show, unit_sign
from leaderboard.site import Site

ATOM, JSON = "feed.xml", "feed.json"
TITLE = "Mettle: what changed"
MOST_ITEMS = 100
ATOM_SPACE = "http://www.w3.org/2005/Atom"
JSON_VERSION = "https://jsonfeed.org/version/1.1"
NO_EVENT = "1970-01-01"
"""A feed says when it changed last; one without items never did."""


@dataclass(frozen=True)
class Item:
    """One event as a reader of feeds sees it."""

    id: str
    """The same in every build, so that a reader shows an event once."""
    title: str
    text: str
    path: str
    """Of the page that shows it, from the root of the site."""
    date: str

    @property
    def moment(self) -> str:
        return f"{self.date}T00:00:00Z"


def feed_items(collection: Collection) -> list[Item]:
    """The newest events, newest first."""
    return [_item(event) for event in events(collection)[:MOST_ITEMS]]


def _item(event: Event) -> Item:
    what = WORDS[event.kind]
    if event.task is None or event.entry is None:
        assert event.document is not None, "an event is about a record or about reported results"
        title = f"{what}: {event.document.title}"
        key = f"{event.kind} {event.document.title} {event.date}"
        numbers = f"{event.numbers:,} {'number' if event.numbers == 1 else 'numbers'}"
        return Item(_urn(key), title, numbers, "data.html#reported", event.date)
    metric, entry = event.task.primary, event.entry
    score = entry.score(metric.name)
    value = f"{show(metric, score, decimals(metric, [score])).text} {unit_sign(metric)}".rstrip()
    return Item(
        id=_urn(f"{event.kind} {entry.record.id} {event.date}"),
        title=f"{what}: {entry.submission.title} on {event.task.title}",
        text=". ".join(text.rstrip(".") for text in (f"{metric.title} {value}", event.reason) if text) + ".",
        path=f"submissions/{entry.name}.html#record-{entry.record.id[:12]}",
        date=event.date,
    )


def _urn(key: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"mettle {key}").urn


def feeds(site: Site, collection: Collection, address: str = "") -> None:
    """Write both feeds. address: of the site, with a slash at its end; without one, links are relative to the feed."""
    items = feed_items(collection)
    site.add(ATOM, atom_text(items, address))
    site.add(JSON, json_text(items, address))


def atom_text(items: list[Item], address: str = "") -> str:
    """An Atom feed (RFC 4287)."""
    feed = ElementTree.Element("feed", {"xmlns": ATOM_SPACE})
    _add(feed, "id", address or _urn("feed"))
    _add(feed, "title", TITLE)
    _add(feed, "updated", max((item.moment for item in items), default=f"{NO_EVENT}T00:00:00Z"))
    ElementTree.SubElement(feed, "link", {"rel": "self", "href": f"{address}{ATOM}"})
    ElementTree.SubElement(feed, "link", {"href": f"{address}changes.html"})
    _add(ElementTree.SubElement(feed, "author"), "name", "Mettle")
    for item in items:
        entry = ElementTree.SubElement(feed, "entry")
        _add(entry, "id", item.id)
        _add(entry, "title", item.title)
        _add(entry, "updated", item.moment)
        ElementTree.SubElement(entry, "link", {"href": f"{address}{item.path}"})
        _add(entry, "content", item.text)
    ElementTree.indent(feed, " ")
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ElementTree.tostring(feed, encoding='unicode')}\n"


def _add(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text


def json_text(items: list[Item], address: str = "") -> str:
    """A JSON Feed, version 1.1; addresses, which must be absolute there, only where the site's is known."""
    whole: dict[str, object] = {"version": JSON_VERSION, "title": TITLE}
    if address:
        whole |= {"home_page_url": f"{address}changes.html", "feed_url": f"{address}{JSON}"}
    whole["items"] = [
        {
            "id": item.id,
            **({"url": f"{address}{item.path}"} if address else {}),
            "title": item.title,
            "content_text": item.text,
            "date_published": item.moment,
        }
        for item in items
    ]
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
