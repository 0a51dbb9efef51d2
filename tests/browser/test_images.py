"""Images: they load from file://, when they come into view, and show what they stand for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import DESKTOP, PHONE
from PIL import Image
from synthetic import HELD_OUT, STANDARD
from synthetic_site import MAIN

if TYPE_CHECKING:
    from conftest import Opener
    from playwright.sync_api import Locator, Page

SUBMISSION, DISTILLED = "submissions/method-0002.html", "submissions/distilled.html"


def loaded(page: Page) -> list[bool]:
    """Of each image of the page, once it was scrolled to."""
    found = []
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
        found.append(bool(image.evaluate("async (img) => { await img.decode(); return img.naturalWidth > 0; }")))
    return found


def drawn(image: Locator) -> np.ndarray:
    """What the screen shows in its place: uint8 (H, W)."""
    image.scroll_into_view_if_needed()
    image.evaluate("(img) => img.decode()")
    return np.asarray(Image.open(io.BytesIO(image.screenshot())).convert("L"))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_images_load_and_fit(open_page: Opener, size: tuple[int, int], theme: str) -> None:
    for path, count in ((MAIN, 2 * len(STANDARD + HELD_OUT)), (SUBMISSION, 10), (DISTILLED, 1)):
        page = open_page(path, size=size, theme=theme)
        for summary in page.locator("#examples summary").all():
            summary.click()
        assert loaded(page) == [True] * count
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


def test_nothing_is_loaded_before_it_is_asked_for(open_page: Opener) -> None:
    page = open_page(MAIN)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.endswith(".png")]
    page.locator("#examples summary").click()
    page.locator("#examples img").first.evaluate("(img) => img.decode()")
    assert [url for url in asked if url.endswith("clean.png")]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_worst_cell_shows_its_severity_only(open_page: Opener, size: tuple[int, int]) -> None:
    """The synthetic images are of one grey, which says the severity."""
    page = open_page(SUBMISSION, size=size)
    cells = page.locator(".worst li")
    assert cells.count() == 5
    for cell in cells.all():
        severity = int(cell.inner_text().split(":")[0].rsplit(" ", 1)[1])
        clean, corrupted = (drawn(image) for image in cell.locator("img").all())
        assert (clean[2:-2, 2:-2] == 255).all()
        assert (corrupted[2:-2, 2:-2] == 255 - 50 * (severity - 1)).all()
        assert clean.shape == corrupted.shape


def test_pixels_are_enlarged_without_blur(open_page: Opener) -> None:
    picture = drawn(open_page(DISTILLED).locator("figure.pixels img"))
    blocks = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2].reshape(picture.shape[0] // 2, 2, -1, 2)
    assert (blocks == blocks[:, :1, :, :1]).all()


def test_the_licence_lies_beside_the_examples(open_page: Opener) -> None:
    page = open_page(MAIN)
    page.locator("#examples summary").click()
    page.locator("#examples").get_by_role("link", name="MIT").click()
    page.wait_for_url("**/LICENSE.txt")
    assert "The licence." in page.content()
