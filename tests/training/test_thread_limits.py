"""Torch and numpy keep to the threads they are given, and have their own again afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from benchmark.dataset_protocol import OpenSet
from benchmark.documents import Artifact
from benchmark.effort import Effort
from benchmark.task_registry import find_task
from benchmark.training.thread_limits import threads
from tasks.distillation.standard_training import PROTOCOL


def blas_threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_both_have_one_thread_inside_and_their_own_afterwards() -> None:
    torch_before, blas_before = torch.get_num_threads(), blas_threads()
    assert blas_before
    with threads(1):
        assert torch.get_num_threads() == 1
        assert set(blas_threads()) == {1}
    assert torch.get_num_threads() == torch_before
    assert blas_threads() == blas_before


def test_a_set_is_inspected_on_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other nets of the same scoring have the other cores."""
    artifact = Artifact(kind="distilled", path="set.safetensors", sha256="a" * 64)
    opened = OpenSet(None, artifact, Effort("standard"), lambda _: tmp_path / "progress")
    monkeypatch.setattr(PROTOCOL, "inspect", lambda *_: {"threads": np.array(blas_threads())})
    before = blas_threads()
    entry = find_task("distillation/fashion-mnist-ipc1")
    ((_, arrays),) = PROTOCOL.score_shards(entry, None, opened, ["inspect/contamination"])
    assert set(arrays["threads"].tolist()) == {1}
    assert blas_threads() == before
