"""Inline SVG made at build time: no script, no style attribute, every text escaped."""

from __future__ import annotations

import math
from collections.abc import Mapping

from markupsafe import Markup, escape

SAME = 1e-9
"""Numbers nearer than this share of them are drawn as one: between them no round numbers can be told apart."""

Attribute = str | float | int
Attributes = Mapping[str, Attribute]


def element(name: str, attributes: Attributes, *children: Markup | str) -> Markup:
    """One SVG element; attribute values and plain-text children are escaped, numbers shortened."""
    written = Markup("").join(Markup(' {}="{}"').format(key, _text(value)) for key, value in attributes.items())
    inside = Markup("").join(escape(child) for child in children)
    # The element and attribute names are literals of this package; values and children are escaped above.
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(name), written, inside)


def titled_drawing(
    kind: str, width: float, height: float, name: str, title: str, description: str, *shapes: Markup
) -> Markup:
    """A whole `<svg>` with a title and a description. kind: classes. name: unique in the page, it makes their ids."""
    return element(
        "svg",
        {
            "class": kind,
            "viewBox": f"0 0 {width:g} {height:g}",
            "role": "group",
            "aria-labelledby": f"{name}-title {name}-about",
        },
        element("title", {"id": f"{name}-title"}, title),
        element("desc", {"id": f"{name}-about"}, description),
        *shapes,
    )


def _text(value: Attribute) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


class Scale:
    """A linear map from [low, high] of the data to [start, stop] of the drawing; a single value maps to the middle."""

    def __init__(self, low: float, high: float, start: float, stop: float) -> None:
        self.low, self.high, self.start, self.stop = low, high, start, stop

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return (self.start + self.stop) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)


def padded(low: float, high: float, share: float = 0.06) -> tuple[float, float]:
    """The range widened on both sides by a share of its width; one without width, but for rounding, by one unit."""
    empty = high - low <= SAME * max(abs(low), abs(high), 1)
    margin = 0.5 if empty else share * (high - low)
    return low - margin, high + margin


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) inside [low, high], ascending."""
    if high <= low:
        return [low]
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(multiple * power for multiple in (1, 2, 5, 10) if multiple * power >= rough * (1 - 1e-12))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]
