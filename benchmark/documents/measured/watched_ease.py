"""How easy each watched training image is, by the share of frozen nets that get it right without having seen it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from benchmark.documents.strict import Line, Sha256, Strict, decode_file, parse
from benchmark.errors import MettleError

FOLDER = "watched_ease"
Count = Annotated[int, Field(ge=0)]


class WatchedEase(Strict):
    """The content of `watched_ease/<data set>.json`."""

    dataset: Line
    plan_sha256: Sha256
    """Of the training plan of its nets."""
    watched_sha256: Sha256
    """Of the positions of the watched images, in order, as the splits state it."""
    nets: Annotated[int, Field(ge=1)]
    right: list[Count]
    """How many of the nets get each watched image right, in the order of their positions."""

    @model_validator(mode="after")
    def _no_more_than_nets(self) -> Self:
        if max(self.right, default=0) > self.nets:
            raise ValueError(f"right counts nets, of which there are {self.nets}, but one has {max(self.right)}")
        return self


def watched_ease_path(folder: Path, dataset: str) -> Path:
    """Where the ease of a data set's watched images stands in the family's folder."""
    return folder / FOLDER / f"{dataset}.json"


def read_watched_ease(folder: Path, dataset: str, watched_sha256: str, watched: int) -> NDArray[np.float64] | None:
    """Share of nets that are right on each watched image, in [0, 1], float64 (W,); None where it was not measured.

    watched_sha256: of the watched images that are meant. watched: how many these are. MettleError for a file about
    others, or a bad one.
    """
    path = watched_ease_path(folder, dataset)
    if not path.is_file():
        return None
    found = parse(WatchedEase, decode_file(path), path)
    meant = {"dataset": dataset, "watched_sha256": watched_sha256, "images": watched}
    stated = {"dataset": found.dataset, "watched_sha256": found.watched_sha256, "images": len(found.right)}
    for name, value in meant.items():
        if stated[name] != value:
            fix = f"Measure it again: python -m scripts.measure_watched_ease {dataset}."
            raise MettleError(path, f"is about the watched images of which {name} is {value}", stated[name], fix)
    return np.array(found.right, dtype=np.float64) / found.nets
