"""Distilled sets with a record: real files, of noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import save
from synthetic import Method, write_submission
from synthetic_families import Scores, add_scores, score, write_family_task

from benchmark.documents import Record, Task
from benchmark.documents.canonical import bytes_sha256

SIDE = 28


def distilled_task(tasks_dir: Path) -> Task:
    """Two classes of grey images; rows are told apart by their training runs."""
    artifacts = '["distilled"]'
    return write_family_task(tasks_dir, "distillation/x", "training_runs", "accuracy", (), artifacts=artifacts)


def noise(labels: list[int], channels: int = 1) -> dict[str, np.ndarray]:
    """The arrays of a set with these labels."""
    images = np.random.default_rng(len(labels)).integers(0, 256, (len(labels), channels, SIDE, SIDE), dtype=np.uint8)
    return {"images": images, "labels": np.array(labels, np.int64)}


def add_set(
    root: Path, task: Task, name: str, arrays: dict[str, np.ndarray] | bytes, place: str = "set.safetensors"
) -> Record:
    """Write a submission whose one artifact is this file, and its record."""
    content = arrays if isinstance(arrays, bytes) else save(arrays)
    sha256 = bytes_sha256(content)
    artifacts = [{"kind": "distilled", "sha256": sha256}]
    right = np.array([9000, 9000], np.uint16)
    made = Scores(
        {"accuracy": score(0.9, covers="both")}, {}, {"primary": (right, 10_000)}, more={"artifacts": artifacts}
    )
    method = Method(name, name, 0, 1, kind="distilled")
    record = add_scores(root, task, method, made)
    write_submission(root, method)
    document = root / name / "submission.toml"
    text = document.read_text(encoding="utf-8").replace('"a.bin"', f'"{place}"').replace("a" * 64, sha256)
    document.write_text(text, encoding="utf-8")
    (root / name / place).parent.mkdir(exist_ok=True)
    (root / name / place).write_bytes(content)
    return record
