"""The drawings below the tables: seen on both sizes and themes, and their links lead to pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from conftest import DESKTOP, PHONE
from synthetic_site import MAIN

if TYPE_CHECKING:
    from conftest import Opener
    from playwright.sync_api import Locator

SETS = "tasks/distillation/few.v1.html"
HEADINGS = {
    MAIN: ["Ranks that chance leaves open", "Accuracy by severity", "Best score over time"],
    SETS: ["Ranks that chance leaves open", "Best score over time"],
}
COLOURS = """(shapes) => shapes.map((shape) => {
    const style = getComputedStyle(shape);
    return [style.fill, style.stroke, getComputedStyle(document.body).backgroundColor];
})"""
CLEAR = ("none", "rgba(0, 0, 0, 0)")


def inside(outer: Locator, shapes: Locator) -> bool:
    """Whether every shape lies in the page from left to right and in the drawing from top to bottom."""
    box = outer.bounding_box()
    assert box is not None
    width = outer.page.evaluate("() => document.documentElement.clientWidth")
    boxes = [one for shape in shapes.all() if (one := shape.bounding_box()) is not None]
    assert boxes
    return all(
        one["x"] >= 0
        and one["x"] + one["width"] <= width
        and box["y"] - 2 <= one["y"]
        and one["y"] + one["height"] <= box["y"] + box["height"] + 2
        for one in boxes
    )


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", [MAIN, SETS])
def test_drawings_are_seen(open_page: Opener, path: str, theme: str, size: tuple[int, int]) -> None:
    page = open_page(path, size=size, theme=theme)
    page.get_by_label("On this page").get_by_role("link", name="Plots").click()
    section = page.locator("#plots")
    assert section.locator("h3").all_inner_texts() == HEADINGS[path]
    for figure in section.locator("figure").all():
        drawing = figure.locator("svg")
        assert drawing.is_visible()
        assert figure.locator("figcaption").inner_text().strip()
        assert inside(drawing, drawing.locator("text:visible"))
        assert inside(drawing, drawing.locator("circle"))
        for fill, stroke, paper in drawing.locator("circle, .span, path.curve, .pareto").evaluate_all(COLOURS):
            assert any(colour not in (*CLEAR, paper) for colour in (fill, stroke))


def test_links_of_the_drawings_lead_to_submissions(open_page: Opener) -> None:
    page = open_page(MAIN)
    links = page.locator("#plots svg a")
    targets = links.evaluate_all("(links) => links.map((link) => new URL(link.href.baseVal, document.baseURI).href)")
    assert len(targets) > 80
    assert all(Path(unquote(urlsplit(target).path)).is_file() for target in targets)
    first = page.locator("#plots .forest a").first
    assert (first.get_attribute("aria-label") or "").startswith("Shake drop: rank 1, possible 1")
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/shake-drop-2.html")
    assert page.locator("h1").inner_text() == "Shake drop"


def test_sets_are_drawn_against_their_bytes(open_page: Opener) -> None:
    drawing = open_page(SETS).locator("main > figure svg.scatter")
    assert drawing.get_by_text("1 MB", exact=True).is_visible()
    names = drawing.locator("a").evaluate_all("(links) => links.map((link) => link.getAttribute('aria-label'))")
    assert "Set 3: 70.00 with 2.5 MB" in names


def test_pages_with_nothing_to_draw_have_no_plots(open_page: Opener) -> None:
    page = open_page("tasks/corruption/draft-c.v1.html")
    assert page.locator("#plots").count() == 0
    assert page.locator("a[href='#plots']").count() == 0
