"""Small tasks that several modules share: of curation for those that name one in TASK, distillation, corruption."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from one_run import COUNT
from small_curation import small_curation
from small_distillation import small_distillation
from small_tasks import small_task

from benchmark import launch
from benchmark.task_registry import find_task
from tasks.curation.split import OpenCuration, open_curation


@pytest.fixture(scope="module")
def curation_tasks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tasks folder with the small task that the module calls TASK."""
    return small_curation(tmp_path_factory.mktemp("small") / "tasks", request.module.TASK.split("/")[1])


@pytest.fixture(scope="module")
def split(request: pytest.FixtureRequest, curation_tasks: Path) -> OpenCuration:
    """What that task opens."""
    return open_curation(find_task(request.module.TASK, curation_tasks))


@pytest.fixture(scope="module")
def curation_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache that all modules of the family share, and one process: two on a busy machine are slower than one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METTLE_CACHE", str(tmp_path_factory.getbasetemp() / "curation cache"))
        patch.setattr(launch, "available_cores", lambda: 1)
        yield


@pytest.fixture(scope="module")
def distillation_tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tasks folder with the small distillation task."""
    return small_distillation(tmp_path_factory.mktemp("small") / "tasks")


@pytest.fixture(scope="module")
def distillation_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty cache for each module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METTLE_CACHE", str(tmp_path_factory.mktemp("distillation cache")))
        yield


@pytest.fixture(scope="module")
def corruption_tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tasks folder with the corruption task of Fashion-MNIST on its first COUNT test images."""
    return small_task(tmp_path_factory.mktemp("small") / "tasks", COUNT)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache for each test."""
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
