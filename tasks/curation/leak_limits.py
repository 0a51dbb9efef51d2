"""How far test accuracy may exceed that on unchosen training images before a choice is flagged: learnt, not guessed."""

from __future__ import annotations

from typing import Literal

from benchmark.contamination.leak_gap import leak_limit
from benchmark.documents import Flag, Score
from benchmark.documents.strict import Finite, Line, Strict, decode_file, parse
from benchmark.task_registry import TaskEntry

FILE = "leak_limits.json"


class LeakLimits(Strict):
    """The content of `leak_limits.json`."""

    schema_version: Literal[1]
    honest_gaps: dict[Line, dict[Line, Finite]]
    """By `<id>.v<version>`, the leak gap of every baseline of ours, by the submission's name."""


def limit_of(entry: TaskEntry) -> float:
    """The gap that another honest choice exceeds in at most 1 % of cases; nan where fewer than two are known."""
    path = entry.folder / FILE
    if not path.is_file():
        return float("nan")
    limits = parse(LeakLimits, decode_file(path), path)
    return leak_limit(list(limits.honest_gaps.get(f"{entry.task.id}.v{entry.task.version}", {}).values()))


def gap_flag(entry: TaskEntry, gap: Score | None) -> list[Flag]:
    """A flag where the whole interval of the gap lies above the limit, else none."""
    limit = limit_of(entry)
    if gap is None or gap.lower is None or not gap.lower > limit:
        return []
    evidence = (
        f"Test accuracy minus accuracy on training images that were not chosen is {100 * gap.value:+.2f} points (at "
        f"least {100 * gap.lower:+.2f}), where honest choices stay below {100 * limit:+.2f}."
    )
    return [Flag(name="train-test-gap", evidence=evidence)]
