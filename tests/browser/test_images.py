"""Example images: they load from file://, nothing else does, and they show the severity they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import DESKTOP, PHONE

from benchmark.paths import ROOT
from leaderboard.build import REPORTED_DIR, build

if TYPE_CHECKING:
    from conftest import Opener
    from playwright.sync_api import Page

TASK = "tasks/corruption/fashion-mnist-mc.v1.html"
SUBMISSION = "submissions/fashion-mnist-linear.html"


@pytest.fixture(scope="session")
def own_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "site"
    build(folder, [ROOT / "submissions"], ROOT / "tasks", REPORTED_DIR)
    return folder


def loaded(page: Page) -> list[bool]:
    """Of each image of the page, once it was scrolled to."""
    images = page.locator("img")
    found = []
    for image in images.all():
        image.scroll_into_view_if_needed()
        found.append(bool(image.evaluate("async (img) => { await img.decode(); return img.naturalWidth > 0; }")))
    return found


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_images_load(open_page: Opener, own_site: Path, size: tuple[int, int], theme: str) -> None:
    page = open_page(TASK, root=own_site, size=size, theme=theme)
    page.locator("#examples summary").click()
    assert loaded(page) == [True] * 50
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]
    page.goto((own_site / SUBMISSION).as_uri())
    assert loaded(page) == [True] * 10 * page.locator(".worst").count()
    assert page.locator(".worst").count()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


def test_nothing_is_loaded_before_it_is_asked_for(open_page: Opener, own_site: Path) -> None:
    page = open_page(TASK, root=own_site)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    assert not [url for url in asked if url.endswith(".png")]


def test_a_worst_cell_shows_its_severity(open_page: Opener, own_site: Path) -> None:
    """What is drawn, held against the column of the file."""
    page = open_page(SUBMISSION, root=own_site)
    assert all(loaded(page))
    script = """async (image) => {
        const place = parseFloat(getComputedStyle(image).objectPosition) / 100;
        const side = image.naturalHeight / 3;
        return [image.alt, Math.round(place * (image.naturalWidth / side - 1)) + 1, image.width * 3 === image.height];
    }"""
    shown = [image.evaluate(script) for image in page.locator(".worst").first.locator("img:not([alt=clean])").all()]
    assert len(shown) == 5
    for alt, severity, is_tall in shown:
        assert alt.endswith(f"at severity {severity}")
        assert is_tall
    assert page.locator(".worst img").first.evaluate("(img) => getComputedStyle(img).imageRendering") == "pixelated"


def test_axe_finds_nothing_serious(open_page: Opener, own_site: Path, axe_source: str) -> None:
    for path in (TASK, SUBMISSION):
        page = open_page(path, root=own_site)
        page.evaluate("() => document.querySelectorAll('details').forEach((item) => { item.open = true; })")
        page.evaluate(axe_source)
        found = page.evaluate("async () => (await axe.run()).violations")
        assert not [item["id"] for item in found if item["impact"] in ("serious", "critical")]
