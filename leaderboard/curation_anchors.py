"""The frozen anchors of a curation task with their errors, as its reference file has them."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.documents import Task
from benchmark.errors import MettleError
from leaderboard.numbers import plain

ANCHOR_RUNS = 20
"""An arm counts once it has so many nets, and with these first ones alone; scoring goes by the same number."""
ARMS = {"random": "balanced random", "oracle": "oracle"}


@dataclass(frozen=True)
class Anchor:
    """The mean accuracy of an arm's nets and its standard error, shares in [0, 1]."""

    mean: float
    error: float


def curation_anchors(task: Task, tasks_dir: Path) -> dict[str, Anchor]:
    """The anchors of a task by arm; none for another family, without a file, and for an arm with too few nets.

    Raises MettleError for a file that cannot be read. Anchors of another definition of the task are none of its own.
    """
    path = tasks_dir / "curation" / "reference.json"
    if task.family != "curation" or not path.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["anchors"]
        own = found.get(f"{task.id}.v{task.version}")
        if own is None or (own["task_sha256"], own["split_sha256"]) != (task.scoring_sha256, task.data.split_sha256):
            return {}
        shares = {arm: [run["right"] / own["tested"] for run in runs] for arm, runs in own["arms"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MettleError(path, "the anchors of a curation task are nets by arm", error) from None
    return {arm: _anchor(nets[:ANCHOR_RUNS]) for arm, nets in shares.items() if len(nets) >= ANCHOR_RUNS}


def _anchor(nets: list[float]) -> Anchor:
    return Anchor(statistics.fmean(nets), statistics.stdev(nets) / len(nets) ** 0.5)


def anchors_line(anchors: dict[str, Anchor]) -> str:
    """The anchors in a line, percent: `balanced random 86.00 (standard error 0.10), oracle 90.09 (0.06), ...`."""
    given = [(arm, anchors[arm]) for arm in ARMS if arm in anchors]
    shown = [
        f"{ARMS[arm]} {plain(100 * found.mean, 2)} ({'' if place else 'standard error '}{plain(100 * found.error, 2)})"
        for place, (arm, found) in enumerate(given)
    ]
    return f"{', '.join(shown)}; {ANCHOR_RUNS} nets{' each' if len(shown) > 1 else ''}" if shown else ""
