"""What a reader takes away: files and the clipboard hold the rows and columns in view, in their order."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from board_page import BoardPage
from synthetic import HOSTILE_TITLES
from synthetic_site import MAIN

if TYPE_CHECKING:
    from conftest import Opener
    from synthetic_site import SyntheticSite


def downloaded(board: BoardPage, form: str) -> tuple[str, str]:
    """The name and text of the file that the menu gives."""
    menu = board.menu("Copy or download")
    menu.get_by_label("Format").select_option(form)
    with board.page.expect_download() as waiting:
        menu.get_by_role("button", name="Download").click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes().decode("utf-8")


def narrowed(open_page: Opener) -> BoardPage:
    """Five columns of some rows, in an order of the reader's."""
    hidden = "standard_mean_accuracy,held_out_mean_accuracy,worst_corruption_accuracy,rank_range,tied_with"
    return BoardPage(open_page(f"{MAIN}?ranked.hide={hidden}&ranked.q=clean>40&ranked.sort=clean_accuracy"))


def test_csv_is_the_view(open_page: Opener, site: SyntheticSite) -> None:
    board = narrowed(open_page)
    name, text = downloaded(board, "CSV")
    assert name == "synthetic-mc.v1.ranked.csv"
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["submission"] for row in rows][: len(board.keys)] == board.keys
    assert "standard_mean_accuracy" not in rows[0]
    whole = json.loads((site.folder / "data/corruption/synthetic-mc.v1.ranked.json").read_text(encoding="utf-8"))
    by_name = {row["submission"]: row for row in whole}
    for row in rows:
        expected = by_name[row["submission"]]
        assert float(row["clean_accuracy"]) == expected["clean_accuracy"]
        assert float(row["mean_accuracy_lower"]) == expected["mean_accuracy_lower"]
        assert row["title"].removeprefix("'") == " ".join(expected["title"].split())
        assert row["title"].startswith("'") == expected["title"].startswith("=")


def test_json_is_the_view(open_page: Opener) -> None:
    board = narrowed(open_page)
    rows = json.loads(downloaded(board, "JSON")[1])
    assert [row["submission"] for row in rows][: len(board.keys)] == board.keys
    assert HOSTILE_TITLES[0] in [row["title"] for row in rows]
    assert all(row["status"] for row in rows)


def test_markdown_is_a_table_of_what_is_shown(open_page: Opener) -> None:
    board = narrowed(open_page)
    lines = downloaded(board, "Markdown")[1].splitlines()
    assert lines[0].startswith("| Rank | Submission | Mean accuracy % |")
    assert set(lines[1]) <= set("|-: ")
    bars = lines[0].count("|")
    assert all(line.replace("\\|", "").count("|") == bars for line in lines)
    assert any("\\<script\\>" in line for line in lines)


def test_latex_is_a_table_with_escaped_text(open_page: Opener) -> None:
    board = narrowed(open_page)
    text = downloaded(board, "LaTeX")[1]
    body = text.split("\\midrule\n")[1].split("\\bottomrule")[0].splitlines()
    ampersands = {line.replace("\\&", "").count("&") for line in body}
    assert ampersands == {text.split("\\toprule\n")[1].splitlines()[0].count("&")}
    assert "\\{\\{ 7 * 7 \\}\\}" in text
    assert "%" not in text.replace("\\%", "").removeprefix("% \\usepackage")


def test_the_clipboard_gets_the_same(open_page: Opener) -> None:
    board = BoardPage(open_page(f"{MAIN}?ranked.q=again", permissions=["clipboard-read", "clipboard-write"]))
    menu = board.menu("Copy or download")
    menu.get_by_label("Format").select_option("CSV")
    menu.get_by_role("button", name="Copy", exact=True).click()
    board.page.get_by_text("Copied as CSV.").wait_for()
    copied = board.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == downloaded(board, "CSV")[1]
    assert "Built again" in copied


def test_commands_can_be_copied(open_page: Opener) -> None:
    page = open_page("submissions/again.html", permissions=["clipboard-read", "clipboard-write"])
    block = page.locator("pre", has_text="mettle reproduce again")
    page.locator("button.copy", has=page.locator("xpath=following-sibling::pre")).first.click()
    page.get_by_role("button", name="Copied").wait_for()
    lines = page.evaluate("() => navigator.clipboard.readText()").splitlines()
    assert "mettle reproduce again" in lines
    assert lines == block.locator("code").all_inner_texts()
