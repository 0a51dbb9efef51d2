"""Rows side by side: from pins to the page, its numbers, its choices and its address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from board_page import BoardPage
from conftest import PHONE
from synthetic import HOSTILE_TITLES
from synthetic_site import MAIN

if TYPE_CHECKING:
    from conftest import Opener
    from playwright.sync_api import Page

COMPARE = "compare/corruption/synthetic-mc.v1.html"


def cells(page: Page, table: str) -> list[list[str]]:
    script = "(rows) => rows.map((row) => Array.from(row.cells, (cell) => cell.innerText.replace(/\\s+/g, ' ').trim()))"
    return list(page.locator(f"table.{table} tr").evaluate_all(script))


def test_pinned_rows_are_compared(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    first, second = board.keys[2], board.keys[60]
    link = board.section.locator(".compare")
    assert not link.is_visible()
    board.pin(first)
    assert link.inner_text() == "Pin another row to compare"
    board.pin(second)
    values = dict(zip(board.keys, board.column("mean_accuracy"), strict=True))
    link.click()
    page = board.page
    page.wait_for_url(re.compile(f"{re.escape(COMPARE)}\\?rows={first},{second}$"))
    scores, pairs = cells(page, "compared"), cells(page, "pairs")
    shown = [float(line.split()[0]) for line in scores[1][1:]]
    assert shown == [round(100 * values[key], 1) for key in (first, second)]
    difference = float(pairs[1][1].replace("−", "-"))
    assert abs(difference - 100 * (values[first] - values[second])) < 0.006
    low, high = (float(end.replace("−", "-")) for end in pairs[1][2].strip("[]").split(","))
    assert low < difference < high
    assert pairs[1][-1] == "told apart"
    assert page.locator("table.compared strong").count() == sum("–" not in line for line in scores[1:])


def test_marks_stand_above_the_scores(open_page: Opener) -> None:
    page = open_page(f"{COMPARE}?rows=again,alone")
    again, alone = page.locator("table.compared thead th.number").all()
    assert again.locator(".mark").all_inner_texts() == ["reproduced", "baseline"]
    assert alone.locator(".mark.warn").all_inner_texts() == ["flag: canary"]
    assert alone.locator(".mark.warn").get_attribute("title") == HOSTILE_TITLES[0]


def test_pairs_fit_a_phone_and_names_keep_their_words(open_page: Opener) -> None:
    page = open_page(f"{COMPARE}?rows=again,alone", size=PHONE)
    pairs = page.locator("table.pairs")
    held = pairs.evaluate("(table) => [table.scrollWidth, table.parentElement.clientWidth]")
    assert held[0] <= held[1]
    name = pairs.locator("tbody th").first
    assert name.evaluate("(cell) => cell.getBoundingClientRect().width") >= 85


def test_five_pins_are_too_many(open_page: Opener) -> None:
    board = BoardPage(open_page(f"{MAIN}?ranked.pin=method-0001,method-0002,method-0003,method-0004"))
    link = board.section.locator(".compare")
    assert link.inner_text() == "Compare 4 pinned rows"
    board.pin(board.keys[20])
    assert link.inner_text() == "Pin at most 4 rows to compare"
    assert link.get_attribute("href") is None


def test_rows_are_chosen_on_the_page_and_kept_in_its_address(open_page: Opener) -> None:
    page = open_page(COMPARE)
    assert len(cells(page, "compared")[0]) == 3
    page.get_by_label("Row 3").select_option("alone")
    assert len(cells(page, "compared")[0]) == 4
    pairs = cells(page, "pairs")
    assert len(pairs) == 4
    assert pairs[-1][-1] == "not ranked together"
    again = open_page(f"compare/corruption/{page.url.rpartition('/')[2]}")
    assert cells(again, "pairs") == pairs
    page.get_by_label("Row 1").select_option("")
    assert len(cells(page, "compared")[0]) == 3


def test_p_values_are_corrected_for_the_pairs_shown(open_page: Opener) -> None:
    page = open_page(MAIN)
    tied = BoardPage(page)
    first, second = tied.keys[50], tied.keys[51]
    one = open_page(f"{COMPARE}?rows={first},{second}")
    three = open_page(f"{COMPARE}?rows={first},{second},method-0000")
    alone, among = float(cells(one, "pairs")[1][3]), float(cells(three, "pairs")[1][3])
    assert cells(one, "pairs")[1][-1] == "cannot be told apart"
    assert alone <= among <= 1


def test_unknown_rows_are_named_and_harmless(open_page: Opener) -> None:
    page = open_page(f"{COMPARE}?rows=method-0001,%3Cb%3Enobody,again")
    assert page.locator("#unknown").inner_text() == "Not among the rows that can be compared: <b>nobody."
    assert len(cells(page, "compared")[0]) == 3


def test_worst_groups_show_the_verdict_only(open_page: Opener) -> None:
    page = open_page("compare/subgroup/groups.v1.html?rows=grouped-0,grouped-3")
    assert cells(page, "pairs")[0] == ["Pair", "Difference", "In its table"]
    assert cells(page, "pairs")[1][-1] in ("told apart", "cannot be told apart")


def test_without_javascript_the_page_says_where_the_numbers_are(open_page: Opener) -> None:
    page = open_page(COMPARE, script=False)
    assert page.locator("#needs-script").is_visible()
    assert not page.locator("#scores").is_visible()
    assert not open_page(COMPARE).locator("#needs-script").is_visible()
