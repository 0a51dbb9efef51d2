"""Test images that the official training images nearly repeat: a data set's own leak, listed once and frozen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from benchmark.documents.strict import Line, Paragraph, Strict, decode_file, parse

LISTS = Path(__file__).parent / "lists"
Position = Annotated[int, Field(ge=0)]


class NearDuplicates(Strict):
    """Pairs of a test image and the training image most like it, by position in official order."""

    dataset: Line
    rule: Paragraph
    """How the list was made."""
    test_ids: list[Position]
    """Rising, each once."""
    train_ids: list[Position]

    @model_validator(mode="after")
    def _pairs(self) -> NearDuplicates:
        if len(self.test_ids) != len(self.train_ids):
            raise ValueError("train_ids must have one training image for each test image")
        if self.test_ids != sorted(set(self.test_ids)):
            raise ValueError("test_ids must rise, each once")
        return self


def read_near_duplicates(path: Path) -> NearDuplicates:
    """The list in a file; MettleError where it is not one."""
    return parse(NearDuplicates, decode_file(path), path)


def without(ids: list[int], count: int) -> NDArray[np.bool_]:
    """Which of `count` images are left without those listed: bool (count,), to take accuracies over.

    Listed positions from `count` up are ignored, so that a list of the whole part serves its first images too.
    Raises ValueError for negative positions.
    """
    if any(position < 0 for position in ids):
        raise ValueError(f"ids: positions from 0 up, but got {min(ids)}")
    left = np.ones(count, dtype=np.bool_)
    left[[position for position in ids if position < count]] = False
    return left


def same_path(dataset: str) -> Path:
    """The list of test images that training images are, but for a few levels."""
    return LISTS / f"{dataset}-same.json"


def same_in_training(dataset: str) -> frozenset[int]:
    """Test images, by position, that training images are but for a few levels; none where they are not listed."""
    path = same_path(dataset)
    return frozenset(read_near_duplicates(path).test_ids if path.is_file() else ())


def far_from_training(dataset: str, count: int) -> NDArray[np.bool_] | None:
    """Which of the first test images no training image nearly repeats: bool (count,); None where not listed."""
    path = LISTS / f"{dataset}.json"
    return without(read_near_duplicates(path).test_ids, count) if path.is_file() else None
