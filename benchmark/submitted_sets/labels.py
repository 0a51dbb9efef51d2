"""Class labels of submitted sets."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.errors import MettleError

INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
ONE_HOT_FIX = "Take argmax of each row"


def check_classes(path: Path, name: str, labels: np.ndarray, classes: int) -> np.ndarray:
    """The labels as int64 (N,); MettleError naming the first position whose value is no class.

    labels: whole numbers of any type, (N,). classes: how many there are; labels run from 0.
    """
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        more = f" and {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
        value = f"{labels[wrong[0]]} at position {wrong[0]}{more}"
        fix = "Count classes from 0, in the order that `mettle tasks ID` prints."
        raise MettleError(path, f"{name} holds classes 0 to {classes - 1}", value, fix)
    return labels.astype(np.int64)
