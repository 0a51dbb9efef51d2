"""Mettle's engine: loads frozen splits, scores submissions, writes records. It knows no concrete task.

`benchmark.evaluate("submissions/fashion-mnist-mlp", "corruption/fashion-mnist-mc")` gives a Record. In a script, call
it below `if __name__ == "__main__":`, because worker processes import the script again.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.check import check_submission
    from benchmark.documents import Record, Submission, Task
    from benchmark.errors import MettleError
    from benchmark.evaluation import Options, evaluate, score_submission
    from benchmark.task_registry import all_tasks, find_task

_PUBLIC = {
    "MettleError": "benchmark.errors",
    "Options": "benchmark.evaluation",
    "Record": "benchmark.documents",
    "Submission": "benchmark.documents",
    "Task": "benchmark.documents",
    "all_tasks": "benchmark.task_registry",
    "check_submission": "benchmark.check",
    "evaluate": "benchmark.evaluation",
    "find_task": "benchmark.task_registry",
    "score_submission": "benchmark.evaluation",
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
