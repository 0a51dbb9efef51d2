"""Feeds: read back with parsers of their formats; the same items in both, the same ids in every build."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hostile import HostileFolders
from synthetic import HOSTILE_TITLES, Method, add, attest, many, write_task

from benchmark.errors import MettleError
from leaderboard.build import build
from leaderboard.collect import collect
from leaderboard.feeds import MOST_ITEMS, feed_items
from leaderboard.revision import SiteRevision

REVISION = SiteRevision("0123456789abcdef", "2026-11-21", dirty=False)
SPACE = {"a": "http://www.w3.org/2005/Atom"}


def text_of(entry: ElementTree.Element, tag: str) -> str:
    found = entry.find(f"a:{tag}", SPACE)
    assert found is not None
    return found.text or ""


def read_feeds(site: Path) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]], list[str]]:
    """Id, title, text and date of every item in the Atom and in the JSON feed; and the Atom links."""
    root = ElementTree.parse(site / "feed.xml").getroot()
    entries = root.findall("a:entry", SPACE)
    atom = [tuple(text_of(entry, tag) for tag in ("id", "title", "content", "updated")) for entry in entries]
    links = [link.attrib["href"] for entry in entries for link in entry.findall("a:link", SPACE)]
    whole = json.loads((site / "feed.json").read_text(encoding="utf-8"))
    assert whole["version"] == "https://jsonfeed.org/version/1.1"
    items = [tuple(item[key] for key in ("id", "title", "content_text", "date_published")) for item in whole["items"]]
    assert text_of(root, "updated") == max(date for *_, date in atom)
    return atom, items, links


def test_hostile_titles_come_through_and_links_lead_somewhere(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    many(tmp_path / "submissions", task, 12, images=100)
    build(tmp_path / "site", [tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none", REVISION)
    atom, items, links = read_feeds(tmp_path / "site")
    assert atom == items
    assert len({item[0] for item in atom}) == len(atom) == 24
    assert all(item[0].startswith("urn:uuid:") for item in atom)
    for title in HOSTILE_TITLES:
        assert any(title[:200] in item[1] for item in atom)
    for link in links:
        path, _, fragment = link.partition("#")
        assert f'id="{fragment}"' in (tmp_path / "site" / path).read_text(encoding="utf-8")


def test_an_address_makes_links_absolute(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    add(tmp_path / "submissions", task, Method("net", "Net", 0.5, 1))
    for address in ("https://example.org/board", "https://example.org/board/"):
        folders = (tmp_path / "site", [tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none")
        build(*folders, REVISION, address)
        _, _, links = read_feeds(tmp_path / "site")
        assert [link.partition("#")[0] for link in links] == ["https://example.org/board/submissions/net.html"]
        feed = json.loads((tmp_path / "site" / "feed.json").read_text(encoding="utf-8"))
        assert feed["feed_url"] == "https://example.org/board/feed.json"
        assert feed["items"][0]["url"].startswith("https://example.org/board/submissions/net.html#record-")
    with pytest.raises(MettleError, match="--url"):
        build(*folders, REVISION, "javascript:alert(1)")


def test_later_statements_come_first_and_give_their_reason(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    record = add(tmp_path / "submissions", task, Method("net", "Net", 0.5, 1), said="measured")
    attest(tmp_path / "submissions", "net", record.id, "void", date="2026-03-01")
    collection = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none")
    items = feed_items(collection)
    assert [item.date for item in items] == ["2026-03-01", "2026-02-01", "2026-01-01"]
    assert "The weights were trained on the test split." in items[0].text
    assert items[0].title == "Found invalid: Net on Synthetic, corrupted"


def test_reported_results_are_news(tmp_path: Path) -> None:
    folders = HostileFolders(tmp_path)
    folders.write()
    found = feed_items(collect([folders.root], folders.tasks, folders.reported))
    (item,) = [item for item in found if item.path == "data.html#reported"]
    assert item.title == "Reported results added: A paper"
    assert item.text == "2 numbers"


def test_a_feed_has_an_end_and_may_be_empty(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    build(tmp_path / "site", [tmp_path / "none"], tmp_path / "tasks", tmp_path / "none", REVISION)
    assert json.loads((tmp_path / "site" / "feed.json").read_text())["items"] == []
    assert ElementTree.parse(tmp_path / "site" / "feed.xml").getroot().findall("a:entry", SPACE) == []
    many(tmp_path / "submissions", task, MOST_ITEMS // 2 + 5, images=40, hostile=False)
    found = feed_items(collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none"))
    assert len(found) == MOST_ITEMS
