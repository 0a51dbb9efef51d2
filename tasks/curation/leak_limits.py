"""How far test accuracy may exceed that on unchosen training images before a choice is flagged: learnt, not guessed."""

from __future__ import annotations

from typing import Literal

from benchmark.contamination.leak_gap import leak_limit
from benchmark.documents import Flag, Score, read_task
from benchmark.documents.strict import Finite, Line, Strict, decode_file, parse
from benchmark.task_registry import TaskEntry

FILE = "leak_limits.json"
FEWEST_SETS = 5
"""Honest sets without which there is no limit: two have put it at 19 points, where it catches nothing."""
LARGEST_BUDGET = 5000
"""A tenth of a pool at most: what larger choices leave over is harder or easier than the pool."""


class LeakLimits(Strict):
    """The content of `leak_limits.json`."""

    schema_version: Literal[1]
    honest_gaps: dict[Line, dict[Line, Finite]]
    """By `<id>.v<version>`, the leak gap of every baseline of ours, by the submission's name."""


def honest_gaps(entry: TaskEntry) -> list[float]:
    """The gaps of our baselines on tasks of the task's data set, fractions; none where there is no file.

    They share one limit, because they share what an honest gap consists of: how much harder the test images are than
    the watched ones. Tasks with larger budgets are left out.
    """
    path = entry.folder / FILE
    if not path.is_file():
        return []
    limits = parse(LeakLimits, decode_file(path), path)
    tasks = [read_task(path) for path in entry.folder.glob("*.v*.toml")]
    alike = {
        f"{task.id}.v{task.version}"
        for task in tasks
        if task.data.dataset == entry.task.data.dataset and task.settings["budget"] <= LARGEST_BUDGET
    }
    return [gap for name, gaps in limits.honest_gaps.items() if name in alike for gap in gaps.values()]


def limit_of(entry: TaskEntry) -> float:
    """The upper 99 % prediction bound for the gap of one more honest set, a fraction; nan below FEWEST_SETS sets."""
    gaps = honest_gaps(entry)
    return leak_limit(gaps) if len(gaps) >= FEWEST_SETS else float("nan")


def gap_flag(entry: TaskEntry, gap: Score | None, allowance: float, easier: float) -> list[Flag]:
    """A flag where the whole interval of the gap lies above the limit and the allowance together, else none.

    gap: None for a set that shows every watched image. allowance: how far choosing alone can raise the gap. easier: how
    much easier the watched images are that it leaves than all, by which the gap is raised. Fractions of at least 0.
    """
    limit = limit_of(entry) + allowance
    if gap is None or gap.lower is None or not gap.lower + easier > limit:
        return []
    corrected = f", {100 * easier:+.2f} because those are easier than all" if easier else ""
    evidence = (
        f"Test accuracy minus accuracy on training images that were not chosen is {100 * gap.value:+.2f} points (at "
        f"least {100 * gap.lower:+.2f}{corrected}), where {100 * limit:+.2f} is the limit learnt from honest sets."
    )
    return [Flag(name="train-test-gap", evidence=evidence)]
