"""Whatever decides a result stands in the key under which it is kept, so that an older one is not taken for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest
import torch

from benchmark import data, dataset_protocol
from benchmark.contamination import findings
from benchmark.documents import Artifact, Provenance, canonical_sha256
from benchmark.documents.strict import parse
from benchmark.effort import STANDARD
from benchmark.paths import ROOT
from benchmark.set_making import proxy
from benchmark.set_making.recipe import read_set_recipe
from benchmark.task_registry import find_task
from benchmark.training import baseline
from benchmark.training.recipe import read_recipe
from scripts import (
    check_published_distillation,
    measure_curation_anchors,
    measure_distillation_anchors,
    measure_watched_ease,
)
from tasks.curation import fixed_training
from tasks.curation.split import OpenCuration, open_curation

CORESET, DISTILLATION = "curation/fashion-mnist-coreset-1k", "distillation/fashion-mnist-ipc1"
CURATED = parse(Artifact, {"kind": "curated", "path": "a.npz", "sha256": "0" * 64}, "artifact")
DISTILLED = parse(Artifact, {"kind": "distilled", "path": "a.npz", "sha256": "0" * 64}, "artifact")
SUBMISSIONS = ROOT / "submissions"


@pytest.fixture(scope="module")
def split() -> OpenCuration:
    return open_curation(find_task(CORESET))


def shard_key(task: str, artifact: Artifact, shard: str, opened: object = None) -> str:
    entry = find_task(task)
    protocol = entry.protocol()
    return canonical_sha256(
        protocol.identity_for(entry, opened or protocol.open_split(entry), artifact, STANDARD, shard)
    )


def test_nets_on_a_choice_depend_on_training_images_in_which_copies_differ(
    split: OpenCuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keys() -> set[str]:
        return {
            shard_key(CORESET, CURATED, "standard/seed 1", split),
            measure_curation_anchors.key_of(split, "random", 0),
        }

    before = keys()
    monkeypatch.setitem(vars(split), "origin", replace(split.origin, pixels_sha256="f" * 64))
    assert not keys() & before


@pytest.mark.parametrize(("task", "artifact"), [(CORESET, CURATED), (DISTILLATION, DISTILLED)])
def test_findings_depend_on_the_format_of_the_search_and_nets_do_not(
    monkeypatch: pytest.MonkeyPatch, task: str, artifact: Artifact
) -> None:
    shards = (dataset_protocol.INSPECTION + findings.INSPECTION, "standard/seed 1")
    opened = find_task(task).protocol().open_split(find_task(task))
    before = [shard_key(task, artifact, shard, opened) for shard in shards]
    monkeypatch.setattr(findings, "SEARCH_FORMAT", findings.SEARCH_FORMAT + 1)
    after = [shard_key(task, artifact, shard, opened) for shard in shards]
    assert [now == then for now, then in zip(after, before, strict=True)] == [False, True]


def test_nets_on_own_images_depend_on_how_these_are_put_in_order(
    split: OpenCuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = CURATED.model_copy(update={"provenance": Provenance(sources=["drawn by hand"], licence="MIT")})

    def keys() -> list[str]:
        return [shard_key(CORESET, artifact, "standard/seed 1", split) for artifact in (CURATED, brought)]

    before = keys()
    monkeypatch.setattr(fixed_training, "OWN_IMAGES_FORMAT", fixed_training.OWN_IMAGES_FORMAT + 1)
    assert [now == then for now, then in zip(keys(), before, strict=True)] == [True, False]


def key_of_proxy() -> str:
    recipe = read_set_recipe(SUBMISSIONS / "curation-el2n" / "recipe.toml")
    return proxy.identity(recipe.proxies["fashion-mnist"], data.load("digits", "train", progress=False))


def key_of_baseline() -> str:
    recipe = read_recipe(SUBMISSIONS / "fashion-mnist-linear" / "recipe.toml")
    return baseline.identity(recipe, recipe.replicates()[0], "0" * 64)


def key_of_check() -> str:
    check = check_published_distillation.CHECKS[0]
    examples, seed = check_published_distillation.examples_of(check, 0)
    return check_published_distillation.key_of(check_published_distillation.plan_of(check), examples, seed)


def key_of_curation_anchor() -> str:
    return measure_curation_anchors.key_of(open_curation(find_task(CORESET)), "random", 0)


def key_of_ease() -> str:
    return measure_watched_ease.key_of(open_curation(find_task(CORESET)), 0)


def key_of_distillation_anchor(pixels_sha256: str = "0" * 64) -> str:
    return measure_distillation_anchors.key_of(find_task(DISTILLATION), "random", (0, 0), pixels_sha256)


@pytest.mark.parametrize(
    ("module", "key"),
    [
        (dataset_protocol, lambda: shard_key(DISTILLATION, DISTILLED, "standard/seed 1")),
        (proxy, key_of_proxy),
        (baseline, key_of_baseline),
        (check_published_distillation, key_of_check),
        (measure_curation_anchors, key_of_curation_anchor),
        (measure_watched_ease, key_of_ease),
        (measure_distillation_anchors, key_of_distillation_anchor),
    ],
    ids=lambda given: given.__name__.rpartition(".")[2] if isinstance(given, ModuleType) else "",
)
def test_every_net_depends_on_the_trainer_and_on_torch(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, key: Callable[[], str]
) -> None:
    before = key()
    with monkeypatch.context() as patched:
        patched.setattr(module, "TRAINER_FORMAT", 99)
        assert key() != before
    assert key() == before
    monkeypatch.setattr(torch, "__version__", "0.0.0")
    assert key() != before


def test_nets_of_a_distillation_anchor_depend_on_the_training_images() -> None:
    assert key_of_distillation_anchor("1" * 64) != key_of_distillation_anchor()
