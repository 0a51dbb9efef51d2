"""One number over the tasks of a bundle, which no other row can change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Anchors(NamedTuple):
    """The scores of one task version that map to 0 and to 1; frozen with the version."""

    floor: float
    ceiling: float


@dataclass(frozen=True)
class AnchoredMean:
    """Mean of anchored scores, or None with the names of what is missing, and each task's anchored score."""

    value: float | None
    missing: tuple[str, ...]
    parts: dict[str, float]


def anchored(score: float, anchors: Anchors) -> float:
    """A score on the scale where the task's floor is 0 and its ceiling 1; higher is better, not clipped.

    Works for scores where lower is better too (ceiling below floor). Below the floor it is negative, above the
    ceiling it exceeds 1: clipping would make worse than chance look like chance. Raises ValueError for
    anchors that are equal or not finite, and for a score that is not finite (a missing score is None).
    """
    floor, ceiling = anchors
    if not (math.isfinite(floor) and math.isfinite(ceiling)) or floor == ceiling:
        raise ValueError(f"anchors: two different finite numbers, but got {floor} and {ceiling}")
    if not math.isfinite(score):
        raise ValueError(f"score: finite, but got {score}")
    return (score - floor) / (ceiling - floor)


def anchored_mean(
    scores: Mapping[str, float | None], anchors: Mapping[str, Anchors | tuple[float, float]]
) -> AnchoredMean:
    """Mean of the anchored scores over a bundle's tasks; None when any is missing, with the names.

    `scores`: task id to primary score, None or nan or absent where there is none. `anchors`: task id to
    (floor, ceiling) for every task of the bundle. The order of two rows never depends on a third, unlike Borda
    counts, win rates and z-scores, and leaving out the weakest task never helps.
    Raises ValueError for a bundle of no tasks and for a score of a task that the bundle does not hold.
    """
    if not anchors:
        raise ValueError("anchors: at least one task, but the bundle is empty")
    if strangers := sorted(set(scores) - set(anchors)):
        raise ValueError(f"scores: tasks of the bundle only, but got {', '.join(strangers)}")
    parts: dict[str, float] = {}
    missing: list[str] = []
    for task, ends in anchors.items():
        score = scores.get(task)
        if score is None or math.isnan(score):
            missing.append(task)
        else:
            parts[task] = anchored(score, Anchors(*ends))
    value = None if missing else math.fsum(parts.values()) / len(parts)
    return AnchoredMean(value, tuple(missing), parts)
