"""A board with more rows than its page looks and works like one that its page holds as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from board_page import BoardPage
from synthetic_site import COUNT, MAIN, SyntheticSite

if TYPE_CHECKING:
    from conftest import Opener

TEXTS = "(rows) => rows.map((row) => row.innerText.replace(/\\s+/g, ' '))"
QUERIES = (
    "ranked.size=1000",
    "ranked.size=25&ranked.page=3",
    "ranked.size=100&ranked.sort=-clean_accuracy",
    "ranked.sort=rank_range&ranked.size=250",
    "ranked.size=100&ranked.sort=submission",
    "ranked.size=100&ranked.q=clean>60 -status:reproduced",
    "ranked.size=100&ranked.mark=pretrained",
    "ranked.size=100&ranked.pin=method-0003,again&ranked.page=2",
    "ranked.size=100&ranked.hide=clean_accuracy,tied_with",
)


@pytest.fixture(scope="session")
def long_site(tmp_path_factory: pytest.TempPathFactory) -> SyntheticSite:
    """The same records, with a lower limit for what a page holds."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr("leaderboard.task_view.COMPLETE_ROWS", COUNT // 2)
        changed.setattr("leaderboard.task_view.FIRST_ROWS", 20)
        return SyntheticSite(tmp_path_factory.mktemp("long"))


def test_equal_views(open_page: Opener, long_site: SyntheticSite, site: SyntheticSite) -> None:
    complete, partial = BoardPage(open_page(MAIN)), BoardPage(open_page(MAIN, root=long_site.folder))
    for query in QUERIES:
        for board, root in ((complete, site.folder), (partial, long_site.folder)):
            board.page.goto(f"{(root / MAIN).as_uri()}?{query}")
        rows = partial.frame.locator("tbody tr")
        assert rows.count(), query
        assert partial.keys == complete.keys, query
        assert rows.evaluate_all(TEXTS) == complete.frame.locator("tbody tr").evaluate_all(TEXTS), query
        drawings = [board.frame.locator(".interval").count() for board in (complete, partial)]
        assert drawings[0] == drawings[1], query


def test_drawings_lie_on_one_axis(open_page: Opener, long_site: SyntheticSite) -> None:
    script = "(dots) => dots.map((dot) => Number(dot.getAttribute('cx')))"
    drawn = [
        BoardPage(open_page(f"{MAIN}?ranked.size=1000", root=root)).frame.locator("circle").evaluate_all(script)
        for root in (None, long_site.folder)
    ]
    assert drawn[1] == pytest.approx(drawn[0], abs=0.2)


def test_links_lead_to_the_row_of_the_name(open_page: Opener, long_site: SyntheticSite) -> None:
    board = BoardPage(open_page(f"{MAIN}?ranked.size=1000", root=long_site.folder))
    links = board.frame.locator("tbody .name").evaluate_all("(links) => links.map((link) => link.href)")
    assert [link.rpartition("/")[2] for link in links] == [f"{key}.html" for key in board.keys]


def test_without_javascript_the_first_rows_stand_and_the_rest_is_named(
    open_page: Opener, long_site: SyntheticSite
) -> None:
    board = BoardPage(open_page(MAIN, root=long_site.folder, script=False))
    assert len(board.keys) == 20
    notice = "These are the first 20 rows"
    assert board.section.get_by_text(notice).is_visible()
    assert not open_page(MAIN, root=long_site.folder).get_by_text(notice).is_visible()
