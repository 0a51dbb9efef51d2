"""The site of the repository's own records and reported results, as it would be published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from board_page import BoardPage
from conftest import DESKTOP, PHONE

from benchmark.paths import ROOT
from leaderboard.build import REPORTED_DIR, build

if TYPE_CHECKING:
    from conftest import Opener


@pytest.fixture(scope="session")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own") / "site"
    build(folder, [ROOT / "submissions"], ROOT / "tasks", REPORTED_DIR)
    return folder


def pages_of(folder: Path, name: str) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in (folder / name).rglob("*.html"))


def visited(open_page: Opener, folder: Path, paths: list[str]) -> None:
    """Every page on both sizes; `open_page` fails for errors and requests, this for what hangs over the edge."""
    for width, height in (DESKTOP, PHONE):
        page = open_page("index.html", root=folder, size=(width, height))
        for path in paths:
            page.goto((folder / path).as_uri())
            assert page.locator("h1").count() == 1, path
            assert page.evaluate("() => document.documentElement.scrollWidth") <= width, path


def test_pages_of_the_whole_site(open_page: Opener, own_site: Path) -> None:
    visited(open_page, own_site, [path.name for path in sorted(own_site.glob("*.html"))])


@pytest.mark.parametrize("folder", ["tasks", "compare", "reported", "bundles"])
def test_pages_of_a_kind(open_page: Opener, own_site: Path, folder: str) -> None:
    paths = pages_of(own_site, folder)
    assert paths
    visited(open_page, own_site, paths)


def test_pages_of_submissions(open_page: Opener, own_site: Path) -> None:
    visited(open_page, own_site, pages_of(own_site, "submissions")[::5])


def test_from_the_first_page_to_a_run_that_can_be_repeated(open_page: Opener, own_site: Path) -> None:
    """What a new reader does: a task, its best row, the commands behind it."""
    page = open_page("index.html", root=own_site)
    page.locator("article.task h4 a").first.click()
    board = BoardPage(page, page.locator("[data-board]").first.get_attribute("data-board") or "")
    best = board.keys[0]
    board.frame.locator(f"tr[data-key='{best}'] .name").click()
    page.wait_for_url(f"**/{best}.html")
    assert f"mettle score submissions/{best}" in page.locator("pre").first.inner_text()
    assert page.locator("h1").inner_text()
