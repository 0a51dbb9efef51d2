"""Data sets with their licences: every manifest, and every name a task uses without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from synthetic import write_task

from benchmark.errors import MettleError
from benchmark.task_registry import find_task
from leaderboard.data_sets import MANIFESTS, data_sets, pool_of, pool_title


def test_every_manifest_and_every_unpinned_name(tmp_path: Path) -> None:
    task = write_task(tmp_path)
    found = {item.name: item for item in data_sets([task])}
    assert {path.stem for path in MANIFESTS.glob("*.json")} | {"synthetic"} == set(found)
    assert all(item.licence and item.homepage.startswith("http") for item in found.values() if item.name != "synthetic")
    assert found["synthetic"].tasks == (task,)
    assert found["synthetic"].licence == ""


def test_a_manifest_without_licence_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"name": "x", "title": "X"}))
    with pytest.raises(MettleError, match="licence"):
        data_sets([], tmp_path)


@pytest.mark.parametrize(
    ("task", "pool", "title"),
    [
        ("curation/fashion-mnist-dirty-1k", "fashion-mnist-dirty", "Fashion-MNIST gone bad"),
        ("curation/cifar10n-5k", "cifar10n-worse", "CIFAR-10N, worse labels"),
        ("curation/cifar10-coreset-5k", "cifar10", "cifar10, train"),
        ("corruption/cifar10-mc", "", ""),
    ],
)
def test_a_pool_is_shown_by_the_tasks_that_choose_from_it(task: str, pool: str, title: str) -> None:
    found = find_task(task).task
    assert pool_of(found) == pool
    assert pool_title(found) == title
    listed = {item.name: item.tasks for item in data_sets([found])}
    assert listed[pool or found.data.dataset] == (found,)
    assert listed[found.data.dataset] == (found,)
