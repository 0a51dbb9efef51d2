"""Boards as readers use them: sorted, searched, filtered, pinned, turned page by page, and sent as an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from board_page import BoardPage
from synthetic_site import COUNT, MAIN

if TYPE_CHECKING:
    from conftest import Opener
    from synthetic_site import SyntheticSite

RANKED = COUNT + 4
"""Rows of the main board: the numbered methods, the pretrained one, the one built again, Shake drop and the newer."""


def sorted_values(values: list[float | None], *, falling: bool) -> bool:
    """Whether values rise or fall, with the missing ones last either way."""
    given = [value for value in values if value is not None]
    return values == sorted(given, reverse=falling) + [None] * (len(values) - len(given))


def test_sorting_by_mouse_and_keyboard(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    assert board.header("mean_accuracy").get_attribute("aria-sort") == "descending"
    assert sorted_values(board.column("mean_accuracy"), falling=True)
    board.sort("mean_corruption_error")
    assert board.header("mean_corruption_error").get_attribute("aria-sort") == "ascending"
    assert board.header("mean_accuracy").get_attribute("aria-sort") is None
    assert sorted_values(board.column("mean_corruption_error"), falling=False)
    board.header("clean_accuracy").get_by_role("button").focus()
    board.page.keyboard.press("Enter")
    assert sorted_values(board.column("clean_accuracy"), falling=True)
    board.page.keyboard.press("Enter")
    assert board.header("clean_accuracy").get_attribute("aria-sort") == "ascending"
    assert sorted_values(board.column("clean_accuracy"), falling=False)


def test_missing_scores_come_last_either_way(open_page: Opener) -> None:
    board = BoardPage(open_page(f"{MAIN}?ranked.size=250"))
    for _ in range(2):
        board.sort("clean_accuracy")
        values = board.column("clean_accuracy")
        assert values.count(None) == COUNT // 10
        assert values[-COUNT // 10 :] == [None] * (COUNT // 10)


SEARCHES = {
    "built again": ["again"],
    "PRETRAINED": ["pretrained"],
    '"Pretrained <net>"': ["pretrained"],
    "mark:pretrained": ["pretrained"],
    "mark:base": ["again"],
    "status:reproduced": ["again"],
    "nothing-has-this-name": [],
    "unknown:field": [],
}


def test_search(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    for query, expected in SEARCHES.items():
        board.search(query)
        assert board.keys == expected, query
        assert board.count == f"{len(expected)} of {RANKED} rows match."


def test_search_by_numbers_as_shown(open_page: Opener) -> None:
    board = BoardPage(open_page(f"{MAIN}?ranked.size=250"))
    everything = dict(zip(board.keys, board.column("clean_accuracy"), strict=True))
    board.search("clean>60 clean<=80")
    expected = {key for key, value in everything.items() if value is not None and 0.6 < value <= 0.8}
    assert expected
    assert set(board.keys) == expected
    board.search("rank:3")
    assert board.column("rank") == [3]


def test_minus_excludes(open_page: Opener) -> None:
    board = BoardPage(open_page(f"{MAIN}?ranked.size=250"))
    before = set(board.keys)
    board.search("-status:reproduced -mark:pretrained")
    assert before - set(board.keys) == {"again", "pretrained"}


def test_facets_divide_and_combine(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    board.choose("Status", "reproduced")
    assert board.keys == ["again"]
    board.choose("Marks", "pretrained")
    assert board.keys == []
    board.choose("Status", "")
    assert board.keys == ["pretrained"]
    board.choose("Marks", "-pretrained")
    assert board.count == f"{RANKED - 1} of {RANKED} rows match."
    board.section.get_by_role("button", name="Reset").click()
    assert board.count == ""
    assert board.facet("Marks").input_value() == ""


def test_columns_can_be_hidden_and_come_back(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    menu = board.menu("Columns")
    menu.get_by_label("mCE").uncheck()
    assert not board.header("mean_corruption_error").is_visible()
    shown = board.frame.locator("tbody tr").first.locator("td:visible, th:visible").count()
    assert shown == board.frame.locator("thead th:visible").count()
    board.section.get_by_role("button", name="Reset").click()
    assert board.header("mean_corruption_error").is_visible()


def test_pinned_rows_stay_on_top(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    last = board.keys[40]
    board.pin(last)
    assert board.keys[0] == last
    assert board.frame.locator(f"tr[data-key='{last}'] .pin").evaluate("(box) => box === document.activeElement")
    board.search("built again")
    assert board.keys == [last, "again"]
    board.sort("clean_accuracy")
    assert board.keys == [last, "again"]
    board.pin(last)
    assert board.keys == ["again"]


def test_pages_turn(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    pager = board.section.get_by_role("navigation", name="Pages of this table")
    first = board.keys
    assert len(first) == 100
    assert pager.get_by_role("button", name="Previous").is_disabled()
    pager.get_by_role("button", name="Next").click()
    second = board.keys
    assert len(second) == RANKED - 100
    assert not set(first) & set(second)
    assert pager.get_by_role("button", name="Next").is_disabled()
    pager.get_by_label("Rows on a page").select_option("250")
    assert board.keys == first + second


def test_an_address_gives_the_same_view(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    pinned = board.keys[7]
    board.pin(pinned)
    board.search("-quotes clean>40")
    board.choose("Status", "measured")
    board.sort("held_out_mean_accuracy")
    board.sort("held_out_mean_accuracy")
    board.menu("Columns").get_by_label("ECE").uncheck()
    board.section.get_by_label("Rows on a page").select_option("25")
    board.section.get_by_role("button", name="Next").click()
    again = BoardPage(open_page(f"tasks/corruption/{board.settled_address()}"))
    assert again.keys == board.keys
    assert again.keys[0] != pinned
    assert len(again.keys) == 25
    assert again.section.get_by_label("Search").input_value() == "-quotes clean>40"
    assert again.header("held_out_mean_accuracy").get_attribute("aria-sort") == "ascending"
    assert not again.header("expected_calibration_error").is_visible()
    again.section.get_by_role("button", name="Previous").click()
    assert again.keys[0] == pinned
    again.section.get_by_role("button", name="Reset").click()
    assert again.settled_address() == MAIN.rpartition("/")[2]


def test_nonsense_in_an_address_is_ignored(open_page: Opener) -> None:
    query = "ranked.sort=-nothing&ranked.pin=nobody,,<b>&ranked.page=-3&ranked.size=7&ranked.hide=x&ranked.status=y"
    board = BoardPage(open_page(f"{MAIN}?{query}&other=1"))
    assert board.keys == []  # no row has the status that was asked for, and the reader sees so
    assert board.count == f"0 of {RANKED} rows match."
    board.section.get_by_role("button", name="Reset").click()
    assert len(board.keys) == 100
    assert board.settled_address().endswith("?other=1")


def test_boards_of_a_page_are_independent(open_page: Opener) -> None:
    page = open_page(f"{MAIN}?unranked.sort=submission")
    ranked, unranked = BoardPage(page), BoardPage(page, "unranked")
    before = ranked.keys
    assert unranked.keys == ["alone", "mine"]
    unranked.sort("submission")
    assert unranked.keys == ["mine", "alone"]
    assert ranked.keys == before


def test_an_anchor_leads_to_a_row_on_another_page(open_page: Opener) -> None:
    board = BoardPage(open_page(f"{MAIN}#ranked-120"))
    row = board.page.locator("#ranked-120")
    assert row.is_visible()
    assert row.evaluate("(row) => row.matches(':target') || row.getBoundingClientRect().top < innerHeight")


def test_an_anchor_opens_the_folded_table_it_leads_into(open_page: Opener) -> None:
    row = open_page(f"{MAIN}#superseded-1").locator("#superseded-1")
    assert row.is_visible()
    assert row.locator(".why").inner_text().endswith("Trained for longer.")
    assert not open_page(MAIN).locator("#superseded-1").is_visible()


def test_complete_without_javascript(open_page: Opener, site: SyntheticSite) -> None:
    board = BoardPage(open_page(MAIN, script=False))
    assert len(board.keys) == RANKED
    assert {record.result.submission for record in site.records} <= set(board.keys)
    assert board.page.locator(".tools").count() == 0
    assert not board.page.get_by_role("button").count()


def test_print_holds_all_rows_and_no_controls(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    board.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    board.page.emulate_media(media="print")
    assert len(board.keys) == RANKED
    assert not board.section.locator(".tools").is_visible()
    board.page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert len(board.keys) == 100


def test_reported_rows_are_searched_too(open_page: Opener) -> None:
    board = BoardPage(open_page("tasks/corruption/draft-c.v1.html"), "reported")
    assert len(board.keys) == 10
    board.search("robot emoji")
    assert board.keys == []
    board.search("HYPERLINK")
    assert len(board.keys) == 1


def test_escape_closes_a_menu(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    menu = board.menu("Columns")
    menu.get_by_label("mCE").focus()
    board.page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    assert menu.locator("summary").evaluate("(summary) => summary === document.activeElement")
    menu = board.menu("Columns")
    board.page.locator("h1").click()
    assert menu.get_attribute("open") is None


def test_controls_offer_what_leads_to_rows(open_page: Opener) -> None:
    board = BoardPage(open_page(MAIN))
    box = board.section.get_by_label("Search")
    example = (box.get_attribute("placeholder") or "").rpartition(", ")[2]
    assert example.startswith("mean_accuracy>")
    board.search(example)
    assert board.keys
    board.search("")
    options = board.section.locator("select option").all_inner_texts()
    assert not [text for text in options if text.endswith("(0)")]
    assert board.frame.locator(".pin").first.get_attribute("title") == "Keep on top, and compare"


def test_pins_of_reported_rows_promise_no_comparison(open_page: Opener, site: SyntheticSite) -> None:
    path = next(site.folder.glob("reported/*.html")).relative_to(site.folder).as_posix()
    page = open_page(path)
    assert {pin.get_attribute("title") for pin in page.locator(".pin").all()} == {"Keep on top"}
