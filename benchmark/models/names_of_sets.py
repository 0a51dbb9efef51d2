"""Arrays by whose names a file gives away that it holds a data set, where weights are expected."""

from __future__ import annotations

from collections.abc import Iterable

NAMES_OF = {
    "distilled": {"images", "labels", "image_syn", "label_syn", "soft_labels"},
    "curated": {"images", "labels", "indices", "suspicion"},
}


def kinds_of_set(names: Iterable[str]) -> list[str]:
    """The kinds of data set that have an array of each telling name; none for the names of a net's tensors."""
    names = set(names)
    telling = names & set().union(*NAMES_OF.values())
    if not telling or any("." in name for name in names):  # a net may call a buffer labels, beside `layer.weight`
        return []
    return [kind for kind, known in NAMES_OF.items() if telling <= known]
