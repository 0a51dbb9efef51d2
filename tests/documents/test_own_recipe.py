"""Tables of submitted data sets: what they must say, and to which kind they belong."""

from __future__ import annotations

from typing import Any

import pytest
from builders import SHA, submission

from benchmark.documents import Submission
from benchmark.documents.own_recipe import MAX_EPOCHS, OwnRecipe
from benchmark.documents.strict import parse
from benchmark.errors import MettleError

RECIPE = {"optimizer": {"name": "sgd", "learning_rate": 0.01}, "epochs": 300, "batch_size": 256}
TEACHER = {"architecture": "convnet", "sha256": SHA, "url": "https://example.org/t.safetensors"}
SOFT = {"loss": {"name": "kl", "temperature": 4.0}}


def artifact(kind: str, **tables: Any) -> dict[str, Any]:
    return submission(artifacts=[{"kind": kind, "path": "set.safetensors", "sha256": SHA, **tables}])


def refused(model: type, data: dict[str, Any]) -> str:
    with pytest.raises(MettleError) as error:
        parse(model, data, "submission.toml")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_tables_of_data_sets_are_read() -> None:
    read = parse(Submission, artifact("distilled", own_recipe=RECIPE), "x").artifacts[0]
    assert read.own_recipe is not None
    assert read.own_recipe.loss.name == "cross_entropy"
    assert (read.own_recipe.factor, read.own_recipe.zca, read.own_recipe.teacher) == (1, False, None)
    provenance = {"sources": ["photographs of mine"], "licence": "CC0-1.0"}
    read = parse(Submission, artifact("curated", provenance=provenance), "x").artifacts[0]
    assert read.provenance is not None
    assert read.provenance.licence == "CC0-1.0"


@pytest.mark.parametrize(
    ("kind", "tables", "words"),
    [
        ("curated", {"own_recipe": RECIPE}, "only a distilled artifact has an [artifacts.own_recipe] table"),
        ("distilled", {"provenance": {"sources": ["x"], "licence": "MIT"}}, "only a curated artifact has an"),
        ("curated", {"provenance": {"sources": [], "licence": "MIT"}}, "sources may not be empty"),
        ("curated", {"provenance": {"sources": ["mine"], "licence": ""}}, "licence may not be empty"),
        ("curated", {"provenance": {"sources": ["x"]}}, "provenance.licence"),
        ("distilled", {"model": {"architecture": "mlp"}}, "only a checkpoint has one"),
    ],
)
def test_tables_belong_to_kinds(kind: str, tables: dict[str, Any], words: str) -> None:
    assert words in refused(Submission, artifact(kind, **tables))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": None}, "exactly one of epochs and steps"),
        ({"steps": 10}, "exactly one of epochs and steps"),
        ({"epochs": MAX_EPOCHS + 1}, f"less than or equal to {MAX_EPOCHS}"),
        ({"batch_size": 0}, "greater than or equal to 1"),
        ({"optimizer": {"name": "lion", "learning_rate": 0.1}}, "'sgd' or 'adamw'"),
        ({"optimizer": {"name": "sgd", "learning_rate": -0.1}}, "greater than 0"),
        ({"augmentations": ["dsa", "dsa"]}, "named once"),
        ({"augmentations": ["import os"]}, "'dsa' or 'cutmix'"),
        ({"factor": 3}, "1 or 2"),
        ({"loss": {"name": "mse", "temperature": 2.0}}, "only kl has a temperature"),
        ({"teacher": TEACHER}, "a teacher gives soft labels"),
        ({**SOFT, "teacher": TEACHER | {"path": "t.safetensors"}}, "exactly one of path, url, hub"),
        ({**SOFT, "teacher": TEACHER | {"url": None, "path": "../t"}}, "never leaves its folder"),
        ({**SOFT, "zca": True, "teacher": TEACHER | {"when": "every_batch"}}, "under zca a teacher is asked once"),
        ({"decoder": "decode.py"}, "unknown key 'decoder'"),
    ],
)
def test_recipe_rules(change: dict[str, Any], words: str) -> None:
    data = {key: value for key, value in (RECIPE | change).items() if value is not None}
    if isinstance(teacher := data.get("teacher"), dict):
        data["teacher"] = {key: value for key, value in teacher.items() if value is not None}
    assert words in refused(OwnRecipe, data)


def test_a_teacher_in_a_folder_goes_with_a_set_there() -> None:
    teacher = {"architecture": "convnet3", "sha256": SHA, "path": "teacher.safetensors"}
    recipe = {**RECIPE, **SOFT, "teacher": teacher}
    data = artifact("distilled", own_recipe=recipe)
    assert parse(Submission, data, "x").artifacts[0].own_recipe is not None
    elsewhere = {"kind": "distilled", "url": "https://example.org/s.safetensors", "sha256": SHA, "own_recipe": recipe}
    assert "goes with a set there" in refused(Submission, data | {"artifacts": [elsewhere]})


def test_a_teacher_with_soft_labels() -> None:
    recipe = parse(OwnRecipe, {**RECIPE, **SOFT, "teacher": TEACHER | {"when": "every_batch"}}, "x")
    assert recipe.teacher is not None
    assert recipe.teacher.when == "every_batch"
    assert parse(OwnRecipe, {**RECIPE, "epochs": 1, "loss": {"name": "mse"}}, "x").loss.temperature == 1
