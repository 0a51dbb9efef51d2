"""What tests read off a board in a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synthetic_site import MAIN

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


class BoardPage:
    """One board of a page, by its id; the main board of the synthetic site by default."""

    def __init__(self, page: Page, identifier: str = "ranked") -> None:
        self.page, self.identifier = page, identifier
        self.frame = page.locator(f"[data-board='{identifier}']")
        self.section = page.locator("section", has=self.frame)

    @property
    def keys(self) -> list[str]:
        """The rows in view, from top to bottom."""
        return list(self.frame.locator("tbody tr").evaluate_all("(rows) => rows.map((row) => row.dataset.key)"))

    def column(self, name: str) -> list[float | None]:
        """The unrounded values of a column, None where one is missing."""
        script = """(table, name) => {
            const at = Array.from(table.tHead.rows[0].cells).findIndex((cell) => cell.dataset.name === name);
            return Array.from(table.tBodies[0].rows, (row) => row.cells[at].dataset.value ?? null);
        }"""
        values = self.frame.locator("table").evaluate(script, name)
        return [None if value is None else float(value) for value in values]

    def header(self, name: str) -> Locator:
        return self.frame.locator(f"thead th[data-name='{name}']")

    def sort(self, name: str) -> None:
        self.header(name).get_by_role("button").click()

    def search(self, query: str) -> None:
        self.section.get_by_label("Search").fill(query)

    def facet(self, name: str) -> Locator:
        return self.section.get_by_role("combobox", name=re.compile(f"^{name}"))

    def choose(self, facet: str, value: str) -> None:
        self.facet(facet).select_option(value)

    def pin(self, key: str) -> None:
        self.frame.locator(f"tr[data-key='{key}'] .pin").click()

    def menu(self, name: str) -> Locator:
        """The open panel of a menu."""
        menu = self.section.locator("details.menu", has=self.page.locator("summary", has_text=name))
        if menu.get_attribute("open") is None:
            menu.locator("summary").click()
        return menu

    @property
    def count(self) -> str:
        return self.section.locator(".count").inner_text()

    def settled_address(self) -> str:
        """The address once it has caught up with the board; it follows a little later."""
        self.page.wait_for_timeout(300)
        return self.page.url.rpartition("/")[2]


__all__ = ["MAIN", "BoardPage"]
