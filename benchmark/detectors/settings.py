"""Settings of detectors: what a submission may write, checked before anything runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from benchmark.errors import MettleError

Parameters = Mapping[str, float]
"""Values by setting name; whole numbers where the setting is a count."""


@dataclass(frozen=True)
class Range:
    """The values a setting may take: lowest to highest, both allowed; only integers where `whole`."""

    lowest: float
    highest: float
    whole: bool = False

    def __str__(self) -> str:
        return f"{'a whole number' if self.whole else 'a number'} in {self.lowest:g}..{self.highest:g}"

    def value(self, thing: str, given: float) -> float:
        """`given` as a number of the kind declared; raises MettleError for anything outside."""
        number = isinstance(given, (int, float)) and not isinstance(given, bool) and math.isfinite(given)
        if not number or not self.lowest <= given <= self.highest or (self.whole and given != int(given)):
            raise MettleError(thing, f"must be {self}", repr(given))
        return int(given) if self.whole else float(given)


def checked_parameters(detector: str, ranges: Mapping[str, Range], given: Parameters) -> dict[str, float]:
    """The given settings with their kinds; raises MettleError for an unknown name and a value outside its range."""
    for name in given:
        if name not in ranges:
            near = ", ".join(get_close_matches(name, ranges, n=1)) or ", ".join(ranges)
            fix = f"It has: {near}." if ranges else "Leave the parameters out."
            raise MettleError(f"detector {detector}", "must have the setting that is given", repr(name), fix)
    return {name: ranges[name].value(f"detector {detector}: {name}", value) for name, value in given.items()}
