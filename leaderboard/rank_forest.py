"""The ranks of the first rows of a table, each with the ranks it may truly hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from leaderboard.labels import title_label
from leaderboard.numbers import ranges
from leaderboard.plot import NO_PLOT, Plot
from leaderboard.ranking import CONFIDENCE, Place
from leaderboard.svg import Attributes, Scale, element, ticks, titled_drawing

SHOWN = 30
"""Rows drawn: the best ones, so that a drawing of ten thousand rows is no larger than one of thirty."""
WIDTH, LEFT, RIGHT, TOP, BOTTOM = 640.0, 232.0, 16.0, 10.0, 46.0
ROW_HEIGHT = 24.0
LABEL_ROOM, NARROW_ROOM = 28.0, 18.0
"""Small letters of a title beside its row; fewer in the larger type of phones."""
HEADING = "Ranks that chance leaves open"


@dataclass(frozen=True)
class Ranked:
    """A row with its rank; `link` leads to its page."""

    title: str
    link: str
    place: Place


def rank_forest(rows: Sequence[Ranked], *, of: str, name: str = "forest") -> Plot:
    """One line a row for the first `SHOWN`: a bar from its lowest to its highest possible rank, a dot at its rank.

    rows: in the order of their table. of: what was ranked, for the title of the drawing. name: unique in the page.
    No plot for fewer than two rows.
    """
    if len(rows) < 2:
        return NO_PLOT
    shown = rows[:SHOWN]
    bottom = TOP + ROW_HEIGHT * len(shown)
    last = max(max(row.place.upper, row.place.rank) for row in shown)
    scale = Scale(1, last, LEFT + 10, WIDTH - RIGHT)
    which = f"The first {len(shown)} of {len(rows):,} rows" if len(rows) > len(shown) else f"All {len(rows)} rows"
    drawing = titled_drawing(
        "scatter forest",
        WIDTH,
        bottom + BOTTOM,
        name,
        f"{of}: ranks and rank ranges",
        f"{which}, best first; ranks from 1 at the left to {last:,}.",
        *_axis(scale, last, bottom),
        *(_row(row, scale, TOP + ROW_HEIGHT * (index + 0.5)) for index, row in enumerate(shown)),
    )
    caption = (
        f"{which}. The dot is the rank by score, the bar runs from the best to the worst rank the row may truly hold; "
        f"all bars hold at once ({100 * CONFIDENCE:g} %). Rows of overlapping bars may still be told apart: the table "
        "says which are tied."
    )
    return Plot(drawing, caption, HEADING)


def _axis(scale: Scale, last: int, bottom: float) -> list[Markup]:
    """The first rank, and round ones that do not touch it."""
    round_ranks = [rank for rank in ticks(1, last, about=8 if last < 100 else 4) if rank == round(rank) and rank > 1]
    apart = [rank for rank in round_ranks if scale(rank) - scale(1) >= 2 * ROW_HEIGHT]
    shapes = []
    for rank in [1, *apart]:
        x = scale(rank)
        shapes.append(element("path", {"class": "grid", "d": f"M{x:.1f} {TOP:g}V{bottom:g}"}))
        shapes.append(element("text", {"x": x, "y": bottom + 18, "text-anchor": "middle"}, f"{rank:,.0f}"))
    middle = (scale(1) + scale(last)) / 2
    title: Attributes = {"class": "axis-title", "x": middle, "y": bottom + BOTTOM - 6, "text-anchor": "middle"}
    return [*shapes, element("text", title, "Rank")]


def _row(row: Ranked, scale: Scale, y: float) -> Markup:
    place = row.place
    possible = ranges(range(place.lower, place.upper + 1))
    said = f"{row.title}: rank {place.rank}, possible {possible}"
    shapes = (
        element("title", {}, said),
        title_label(row.title, {"x": LEFT - 8, "y": y + 5, "text-anchor": "end"}, LABEL_ROOM, NARROW_ROOM),
        element("path", {"class": "span", "d": f"M{scale(place.lower):.1f} {y:g}H{scale(place.upper):.1f}"}),
        element("circle", {"class": "dot", "cx": scale(place.rank), "cy": y, "r": 4.5}),
    )
    return element("a", {"href": row.link, "aria-label": said}, *shapes)
