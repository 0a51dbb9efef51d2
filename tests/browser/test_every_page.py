"""What holds for every kind of page: quiet, self-contained, readable with assistive tools, on phones and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import PHONE
from synthetic_site import MAIN

if TYPE_CHECKING:
    from conftest import Opener

PAGES = (
    "index.html",
    "methods.html",
    "data.html",
    "submit.html",
    "changes.html",
    f"{MAIN}?ranked.size=25",
    "tasks/corruption/draft-c.v1.html",
    "tasks/corruption/old-c.v1.html",
    "tasks/subgroup/groups.v1.html",
    "tasks/ood/far.v1.html",
    "tasks/distillation/few.v1.html",
    "tasks/distillation/x.v1.html",
    "compare/corruption/synthetic-mc.v1.html",
    "compare/subgroup/groups.v1.html",
    "submissions/method-0002.html",
    "submissions/grouped-0.html",
    "submissions/far-0.html",
    "submissions/distilled.html",
    "submissions/unscored.html",
)
SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(open_page: Opener, axe_source: str, path: str) -> None:
    page = open_page(path)
    page.evaluate("() => document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    page.evaluate(axe_source)
    found = page.evaluate("async () => (await axe.run()).violations")
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("async () => (await axe.run({ runOnly: ['color-contrast'] })).violations")
    serious = [
        (item["id"], [node["target"] for node in item["nodes"]][:3]) for item in found if item["impact"] in SERIOUS
    ]
    assert not serious


@pytest.mark.parametrize("path", PAGES)
def test_nothing_hangs_over_the_edge_of_a_phone(open_page: Opener, path: str) -> None:
    page = open_page(path, size=PHONE)
    width = "() => document.documentElement.scrollWidth"
    assert page.evaluate(width) <= PHONE[0]
    menus = page.locator("details.menu > summary:visible")  # others are folded away
    for index in range(menus.count()):
        menus.nth(index).click()
        assert page.evaluate(width) <= PHONE[0], f"menu {index} hangs over"
        page.keyboard.press("Escape")  # an open panel may cover the next button
    page.evaluate("() => document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    assert page.evaluate(width) <= PHONE[0], "something folded hangs over"


def test_theme_is_kept_between_pages(open_page: Opener) -> None:
    page = open_page("index.html", theme="light")
    before = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert dark != before
    page.get_by_role("link", name="Statistics", exact=True).click()
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == dark
