"""A record's cells, sorted by what their names say they are parts of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Values = Mapping[str, float]
ByName = Mapping[str, Values]

_GROUP = re.compile(r"^(?:class:(?P<owner>.+)/)?group:(?P<attribute>[^/]+)/(?P<level>.+)$")
_SET = re.compile(r"^set:(?P<kind>[^/]+)/(?P<name>.+)$")
_DETECTOR = re.compile(r"^detector:(?P<detector>[^/]+)/(?P<place>.+)$")


@dataclass
class Cells:
    """Values by metric name, in the order of the record."""

    groups: dict[str, dict[str, Values]] = field(default_factory=dict)
    """Attribute -> level -> values, for instance `area` -> `1`."""
    classes: dict[str, dict[str, dict[str, Values]]] = field(default_factory=dict)
    """Attribute -> class -> level -> values."""
    sets: dict[tuple[str, str], Values] = field(default_factory=dict)
    """(near, far or val; set) -> values."""
    detectors: dict[str, dict[str, Values]] = field(default_factory=dict)
    """Detector -> `near`, `far` or `set:<name>` -> values."""
    others: dict[str, Values] = field(default_factory=dict)
    """By their own names: corruptions and severities, for instance."""


def sorted_cells(cells: ByName) -> Cells:
    """The cells by kind; a name of no known kind stays as it is, so that nothing a record holds is lost."""
    found = Cells()
    for name, values in cells.items():
        if match := _GROUP.match(name):
            attribute, level, owner = match["attribute"], match["level"], match["owner"]
            if owner is None:
                found.groups.setdefault(attribute, {})[level] = values
            else:
                found.classes.setdefault(attribute, {}).setdefault(owner, {})[level] = values
        elif match := _SET.match(name):
            found.sets[match["kind"], match["name"]] = values
        elif match := _DETECTOR.match(name):
            found.detectors.setdefault(match["detector"], {})[match["place"]] = values
        else:
            found.others[name] = values
    return found


def cells_of_kinds(cells: ByName, kinds: Sequence[str]) -> tuple[dict[str, dict[str, Values]], dict[str, Values]]:
    """The cells named `<kind>:<rest>` of these kinds, by kind and rest, and all others by their own names."""
    found: dict[str, dict[str, Values]] = {kind: {} for kind in kinds}
    others: dict[str, Values] = {}
    for name, values in cells.items():
        kind, separator, rest = name.partition(":")
        if separator and kind in found:
            found[kind][rest] = values
        else:
            others[name] = values
    return found, others
