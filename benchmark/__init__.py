"""Mettle's engine: loads frozen splits, scores submissions, writes records. It knows no concrete task.

import benchmark
record = benchmark.evaluate("submissions/fashion-mnist-mlp", "corruption/fashion-mnist-mc")
print(record.result.scores["mean_accuracy"])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.check import check_submission
    from benchmark.documents import Record, Submission, Task
    from benchmark.errors import MettleError
    from benchmark.evaluate import Options, evaluate, score_submission
    from benchmark.task_registry import all_tasks, find_task

_PUBLIC = {
    "MettleError": "benchmark.errors",
    "Options": "benchmark.evaluate",
    "Record": "benchmark.documents",
    "Submission": "benchmark.documents",
    "Task": "benchmark.documents",
    "all_tasks": "benchmark.task_registry",
    "check_submission": "benchmark.check",
    "evaluate": "benchmark.evaluate",
    "find_task": "benchmark.task_registry",
    "score_submission": "benchmark.evaluate",
}
__all__ = [
    "MettleError",
    "Options",
    "Record",
    "Submission",
    "Task",
    "all_tasks",
    "check_submission",
    "evaluate",
    "find_task",
    "score_submission",
]


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import benchmark` costs nothing and needs no torch."""
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'benchmark' has no attribute {name!r}")
