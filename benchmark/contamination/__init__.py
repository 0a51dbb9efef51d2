"""Submitted images against test splits: exact and near copies, and what a leak does to a net's accuracy."""

from __future__ import annotations

from benchmark.contamination.copies import (
    Closest,
    ExactCopy,
    closest_test_images,
    exact_copies,
)
from benchmark.contamination.similarity import Similarity

__all__ = [
    "Closest",
    "ExactCopy",
    "Similarity",
    "closest_test_images",
    "exact_copies",
]
