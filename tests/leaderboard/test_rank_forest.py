"""The drawing of ranks: positions, which rows, and what it says without a mouse."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from synthetic import HOSTILE_TITLES, many, write_task

from leaderboard.collect import collect
from leaderboard.plot import Plot
from leaderboard.rank_forest import LEFT, RIGHT, SHOWN, WIDTH, Ranked, rank_forest
from leaderboard.ranking import Place
from leaderboard.rows import tables
from leaderboard.task_plots import task_plots

FIRST, LAST = LEFT + 10, WIDTH - RIGHT
"""Where the first and the last rank are drawn."""


def row(rank: int, lower: int, upper: int, title: str = "Net") -> Ranked:
    return Ranked(title, f"submissions/net-{rank}.html", Place(rank, lower, upper, ()))


def read(plot: Plot) -> ElementTree.Element:
    return ElementTree.fromstring(str(plot.drawing))


def bars(drawn: ElementTree.Element) -> list[tuple[float, float]]:
    paths = [path.get("d", "") for path in drawn.iter("path") if path.get("class") == "span"]
    found = [re.fullmatch(r"M([\d.]+) [\d.]+H([\d.]+)", path) for path in paths]
    assert all(found)
    return [(float(match[1]), float(match[2])) for match in found if match]


def dots(drawn: ElementTree.Element) -> list[tuple[float, float]]:
    return [(float(circle.get("cx", "")), float(circle.get("cy", ""))) for circle in drawn.iter("circle")]


def axis_ranks(drawn: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in drawn.iter("text") if text.get("class") is None]


def test_bars_and_dots_lie_at_their_ranks() -> None:
    drawn = read(rank_forest([row(1, 1, 2), row(2, 1, 5), row(3, 3, 5)], of="A task"))

    def at(rank: int) -> float:
        return FIRST + (rank - 1) / 4 * (LAST - FIRST)

    assert bars(drawn) == [pytest.approx((at(low), at(high)), abs=0.06) for low, high in ((1, 2), (1, 5), (3, 5))]
    assert [x for x, _ in dots(drawn)] == pytest.approx([at(1), at(2), at(3)], abs=0.01)
    heights = [y for _, y in dots(drawn)]
    assert heights == sorted(set(heights))
    assert axis_ranks(drawn) == ["1", "2", "3", "4", "5"]


def test_each_line_is_a_link_that_says_rank_and_range() -> None:
    drawn = read(rank_forest([row(1, 1, 4, "Ours"), row(2, 2, 2)], of="A <task>"))
    links = list(drawn.iter("a"))
    assert [link.get("href") for link in links] == ["submissions/net-1.html", "submissions/net-2.html"]
    assert [link.get("aria-label") for link in links] == [
        "Ours: rank 1, possible 1\N{EN DASH}4",
        "Net: rank 2, possible 2",
    ]
    assert [link.findtext("title") for link in links] == [link.get("aria-label") for link in links]
    titles = [drawn.find(f"*[@id='{name}']") for name in drawn.get("aria-labelledby", "").split()]
    assert [title.tag for title in titles if title is not None] == ["title", "desc"]
    assert (drawn.findtext("title") or "").startswith("A <task>")


@pytest.mark.parametrize("rows", [[], [row(1, 1, 1)]])
def test_a_single_row_has_no_ranks_to_draw(rows: Sequence[Ranked]) -> None:
    assert not rank_forest(rows, of="t")


def test_ties_share_a_rank_and_keep_lines_of_their_own() -> None:
    drawn = read(rank_forest([row(1, 1, 2), row(1, 1, 2)], of="t"))
    assert [x for x, _ in dots(drawn)] == [FIRST, FIRST]
    assert len({y for _, y in dots(drawn)}) == 2
    assert bars(drawn) == [(FIRST, LAST)] * 2


def test_a_long_table_draws_its_first_rows_only() -> None:
    rows = [row(rank, max(1, rank - 40), rank + 700) for rank in range(1, 10_001)]
    plot = rank_forest(rows, of="t")
    drawn = read(plot)
    assert len(dots(drawn)) == len(bars(drawn)) == SHOWN
    assert plot.caption.startswith(f"The first {SHOWN} of 10,000 rows")
    assert max(end for _, end in bars(drawn)) == LAST
    assert len(plot.drawing) < 20_000
    assert 2 <= len(axis_ranks(drawn)) <= 8
    places = [float(text.get("x", "")) for text in drawn.iter("text") if text.get("class") is None]
    assert all(later - earlier >= 40 for earlier, later in pairwise(places))


def test_hostile_titles_are_text() -> None:
    rows = [row(index + 1, 1, 10, title) for index, title in enumerate(HOSTILE_TITLES)]
    drawn = read(rank_forest(rows, of=HOSTILE_TITLES[0]))
    assert not list(drawn.iter("script"))
    assert [link.findtext("title") for link in drawn.iter("a")] == [
        f"{title}: rank {index + 1}, possible 1\N{EN DASH}10" for index, title in enumerate(HOSTILE_TITLES)
    ]


def test_the_plot_of_a_task_has_the_ranges_of_its_table(tmp_path: Path) -> None:
    task = write_task(tmp_path / "tasks")
    many(tmp_path / "submissions", task, 12, images=60, hostile=False)
    entries = collect([tmp_path / "submissions"], tmp_path / "tasks", tmp_path / "none").entries[task.id, 1]
    found = tables(task, entries)
    forest = task_plots(task, found)[0]
    last = max(row.place.upper for row in found[0].rows if row.place)
    expected = [
        tuple(FIRST + (rank - 1) / (last - 1) * (LAST - FIRST) for rank in (row.place.lower, row.place.upper))
        for row in found[0].rows
        if row.place
    ]
    assert len(expected) == 12
    assert any(low < high for low, high in expected)
    assert bars(read(forest)) == [pytest.approx(pair, abs=0.06) for pair in expected]
    assert [link.get("href") for link in read(forest).iter("a")] == [
        f"../../submissions/{row.entry.name}.html" for row in found[0].rows
    ]
    assert task_plots(task, ()) == []
