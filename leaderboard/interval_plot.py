"""A row's interval as a small drawing on the axis that its whole table shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from benchmark.documents import Score
from leaderboard.svg import Attributes, Scale, element

WIDTH, HEIGHT, MARGIN = 112.0, 12.0, 4.0


def shared_axis(scores: Iterable[Score | None], runs: Iterable[Iterable[float]] = ()) -> Scale | None:
    """The axis from the lowest to the highest end of any interval or single run; None without a score."""
    ends = [
        end
        for score in scores
        if score is not None
        for end in (score.value, score.lower, score.upper)
        if end is not None
    ]
    ends += [value for values in runs for value in values]
    return Scale(min(ends), max(ends), MARGIN, WIDTH - MARGIN) if ends else None


def interval_plot(
    score: Score | None, axis: Scale | None, runs: Sequence[float] = (), band: tuple[float, float] | None = None
) -> Markup:
    """A dot at the value, a line over the interval, a tick at each training run, a shade over the band.

    Decoration beside the printed numbers, so hidden from screen readers.
    """
    if score is None or axis is None:
        return Markup("")
    middle = HEIGHT / 2
    shapes = [element("path", {"class": "axis", "d": f"M0 {middle:g}H{WIDTH:g}"})]
    if band is not None:
        low, high = (round(axis(end), 1) for end in band)
        shapes.insert(0, element("rect", {"class": "band", "x": low, "y": 0, "width": high - low, "height": HEIGHT}))
    if score.lower is not None and score.upper is not None:
        path = f"M{axis(score.lower):.1f} {middle:g}H{axis(score.upper):.1f}"
        shapes.append(element("path", {"class": "whisker", "d": path}))
    shapes += [element("path", {"class": "run", "d": f"M{axis(value):.1f} 1V{HEIGHT - 1:g}"}) for value in runs]
    shapes.append(element("circle", {"cx": round(axis(score.value), 1), "cy": middle, "r": 3}))
    box: Attributes = {
        "class": "interval",
        "viewBox": f"0 0 {WIDTH:g} {HEIGHT:g}",
        "width": WIDTH,
        "height": HEIGHT,
        "aria-hidden": "true",
    }
    return element("svg", box, *shapes)
