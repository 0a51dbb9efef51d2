"""Valid documents as plain data, for tests that break one thing at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.documents import Record, Run
from benchmark.documents.store import describe_outcome

SHA = "0123456789abcdef" * 4


def submission(**changes: Any) -> dict[str, Any]:
    base = {
        "schema_version": 1,
        "name": "demo",
        "title": "Demo",
        "team": "Us",
        "method": "A net",
        "licence": "MIT",
        "declares": {"training_data": ["fashion-mnist/train"], "selected_on": "none"},
        "artifacts": [
            {"kind": "checkpoint", "path": "weights.safetensors", "sha256": SHA, "model": {"architecture": "mlp"}}
        ],
    }
    return base | changes


def run(**changes: Any) -> Run:
    base = {
        "started": "2026-11-21T00:00:00+00:00",
        "seconds": 1.5,
        "machine": "a processor",
        "device": "cpu",
        "threads": 1,
        "workers": 1,
        "batch_size": 500,
        "precision": "fp32",
        "versions": {"python": "3.11"},
        "revision": {"commit": None, "dirty": None},
        "data_source": "a mirror",
        "data_copy": "official",
        "pixels_sha256": SHA,
    }
    return Run.model_validate(base | changes)


def record(
    name: str = "demo", correct: np.ndarray | None = None, **changes: Any
) -> tuple[Record, dict[str, np.ndarray]]:
    """A record of ten images, and its outcomes."""
    right = np.array([1, 1, 1, 0, 1, 0, 1, 1, 0, 1], np.uint16) if correct is None else correct
    result = {
        "task": {"id": "corruption/fashion-mnist-mc", "version": 1, "sha256": SHA, "split_sha256": SHA},
        "submission": name,
        "artifacts": [{"kind": "checkpoint", "sha256": SHA}],
        "scores": {"mean_accuracy": {"value": float(right.mean())}},
        "outcomes": {"primary": describe_outcome(right).model_dump()},
    }
    return Record.of(result | changes, run()), {"primary": right}
