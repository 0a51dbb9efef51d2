"""One number over the tasks of a bundle, which no other row can change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from numpy.typing import ArrayLike

from benchmark.statistics.interval import Interval, check_confidence, student_quantile
from benchmark.statistics.means import finite_vector


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


def sum_of_means_interval(blocks: Sequence[ArrayLike], confidence: float = 0.95) -> Interval:
    """Interval of a sum of means over draws of images, in the unit of the values, which need no bounds.

    `blocks`: float (N_b,) each, one value an image, blocks drawn independently of each other. Tasks that show the same
    images belong into one block, summed image by image, so that what an image does in several tasks counts once.
    The variance is the sum of those of the means; degrees of freedom after Satterthwaite (1946). A block of fewer
    than two images, or no block, gives (nan, nan). Raises ValueError for NaN and other shapes.
    """
    check_confidence(confidence)
    vectors = [finite_vector(block, "blocks") for block in blocks]
    if not vectors or min(len(vector) for vector in vectors) < 2:
        return Interval(math.nan, math.nan)
    middle = math.fsum(float(vector.mean()) for vector in vectors)
    parts = [(float(vector.var(ddof=1)) / len(vector), len(vector) - 1) for vector in vectors]
    variance = math.fsum(part for part, _ in parts)
    if variance == 0:
        return Interval(middle, middle)
    degrees = variance**2 / math.fsum(part**2 / free for part, free in parts)
    half = student_quantile(confidence, degrees) * math.sqrt(variance)
    return Interval(middle - half, middle + half)
