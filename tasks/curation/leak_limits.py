"""How far test accuracy may exceed that on unchosen training images before a set is flagged: learnt, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from benchmark.contamination.leak_gap import leak_limit
from benchmark.documents import Flag, Score, read_task
from benchmark.documents.strict import Finite, Line, Strict, decode_file, parse
from benchmark.task_registry import TaskEntry

FILE = "leak_limits.json"
FEWEST_SETS = 5
"""Honest sets without which there is no limit: two have put it at 19 points, where it catches nothing."""
FAR_BELOW_RANDOM = 0.05
"""Sets so far below random ones are neither learnt from nor judged: their nets find other images hard, and whoever
leaks that little gains nothing."""


class LeakLimits(Strict):
    """The content of `leak_limits.json`."""

    schema_version: Literal[2]
    honest_gaps: dict[Line, dict[Line, Finite]]
    """By `<id>.v<version>` and the submission's name, the `even_gap` of every baseline that is not far below random."""


def even_gap(gap: float, easier: float) -> float:
    """A leak gap as if the unchosen images were as easy as all watched ones: gap + easier, fractions.

    easier: by how much the mean ease of those left exceeds that of all, as `easier_by` gives it; below 0 where they are
    harder. Who chooses hard images leaves easy ones, which makes the gap smaller by about as much.
    """
    return gap + easier


def honest_gaps(entry: TaskEntry) -> list[float]:
    """The even gaps of our baselines on tasks of the task's data set, fractions; none where there is no file.

    They share one limit, because they share what an honest gap consists of: how much harder the test images are than
    the watched ones.
    """
    path = entry.folder / FILE
    if not path.is_file():
        return []
    limits = parse(LeakLimits, decode_file(path), path)
    tasks = [read_task(path) for path in entry.folder.glob("*.v*.toml")]
    alike = {f"{task.id}.v{task.version}" for task in tasks if task.data.dataset == entry.task.data.dataset}
    return [gap for name, gaps in limits.honest_gaps.items() if name in alike for gap in gaps.values()]


def limit_of(entry: TaskEntry) -> float:
    """The upper 99 % prediction bound for the even gap of one more honest set; nan below FEWEST_SETS sets."""
    gaps = honest_gaps(entry)
    return leak_limit(gaps) if len(gaps) >= FEWEST_SETS else float("nan")


def is_far_below_random(anchors: Mapping[str, np.ndarray], accuracy: float) -> bool:
    """Whether a test accuracy lies FAR_BELOW_RANDOM or more below the frozen random arm; False where there is none.

    anchors: accuracies of each arm's nets, float64 (R,), as `anchor_accuracies` gives them.
    """
    random = anchors.get("random")
    return random is not None and accuracy <= float(random.mean()) - FAR_BELOW_RANDOM


def gap_flag(
    entry: TaskEntry, anchors: Mapping[str, np.ndarray], accuracy: float, gap: Score | None, easier: float
) -> list[Flag]:
    """A flag where the whole interval of the even gap lies above the limit, else none; none far below random.

    anchors: as in `is_far_below_random`. accuracy: on the test images, of nets of the standard training, as the limit
    is. gap: None for a set that shows every watched image. easier: as in `even_gap`.
    """
    if gap is None or gap.lower is None or is_far_below_random(anchors, accuracy):
        return []
    limit = limit_of(entry)
    if not even_gap(gap.lower, easier) > limit:
        return []
    evidence = (
        f"Test accuracy minus accuracy on training images that were not chosen is {100 * gap.value:+.2f} points. Were "
        f"those as easy as all, it would be {100 * even_gap(gap.value, easier):+.2f} (at least "
        f"{100 * even_gap(gap.lower, easier):+.2f}), where {100 * limit:+.2f} is the limit learnt from honest sets."
    )
    return [Flag(name="train-test-gap", evidence=evidence)]
