"""OpenOOD v1.5's image lists as numbers: which images of a published data set a benchmark uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from benchmark.documents.strict import Line, Link, Strict, decode_file, parse
from benchmark.paths import ROOT

LISTS = ROOT / "tasks" / "ood" / "lists"


class ImageList(Strict):
    """Images of a data set by number; either those listed, or all but those listed, whichever is shorter.

    Numbers: the position in the official part for MNIST (train, then test); number in the file name for Tiny-ImageNet
    (val_N), Places365 (Places365_val_N) and SVHN (N_label); class, in alphabetical order, times images a class, plus
    number in the class, from 0, for CIFAR; the position in alphabetical order for textures.
    """

    name: Line
    """The published file."""
    of: Annotated[int, Field(ge=1)]
    """How many numbers there are."""
    numbers: list[int] | None = None
    without: list[int] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ImageList:
        given = self.numbers if self.numbers is not None else self.without
        if given is None or (self.numbers is None) == (self.without is None):
            raise ValueError("a list has either numbers or without")
        if sorted(set(given)) != given or (given and not 0 <= given[0] <= given[-1] < self.of):
            raise ValueError(f"numbers ascend within 0 to {self.of - 1}")
        return self

    @property
    def chosen(self) -> np.ndarray:
        """The numbers of the images, ascending: int64 (N,)."""
        if self.numbers is not None:
            return np.array(self.numbers, np.int64)
        return np.setdiff1d(np.arange(self.of), np.array(self.without, np.int64))


class ImageLists(Strict):
    """All lists of one benchmark, by role: `test`, `val`, `val/<set>`, `near/<set>`, `far/<set>`."""

    source: Link
    licence: Line
    lists: dict[Line, ImageList]


def read_lists(benchmark: str) -> Mapping[str, ImageList]:
    """The lists of `cifar10` or `cifar100`, by role."""
    path = LISTS / f"openood-v1.5-{benchmark}.json"
    return parse(ImageLists, decode_file(path), path).lists
