"""A drawing with the words around it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Plot:
    """A drawing with the sentence below it, and a heading where it stands among others; false without a drawing."""

    drawing: Markup
    caption: str
    heading: str = ""

    def __bool__(self) -> bool:
        return bool(self.drawing)


NO_PLOT = Plot(Markup(""), "")
