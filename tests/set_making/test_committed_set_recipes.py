"""The recipes of our dataset baselines: they fit their submissions and tasks, and their files come out again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.documents import read_submission
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.reproduce import SUBMISSIONS, reproduce_baseline
from benchmark.set_making.making import make_set
from benchmark.set_making.methods import Making
from benchmark.set_making.recipe import is_set_recipe, read_set_recipe
from benchmark.task_registry import find_task
from scripts.make_baseline_sets import with_sha256

RECIPES = {path.parent.name: path for path in SUBMISSIONS.glob("*/recipe.toml") if is_set_recipe(path)}


def files_without_training() -> Iterator[object]:
    """(name, path) of every file that no net decides; of each recipe one is made in the fast tests."""
    for name, recipe in sorted(RECIPES.items()):
        paths = [
            made.path
            for made in read_set_recipe(recipe).sets
            if not made.method.needs_proxy and not isinstance(made.method, Making)
        ]
        for place, path in enumerate(paths):
            yield pytest.param(name, path, marks=[pytest.mark.slow] if place else [])


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_makes_what_its_submission_lists_for_tasks_that_there_are(name: str) -> None:
    sets = read_set_recipe(RECIPES[name]).sets
    artifacts = read_submission(RECIPES[name].parent).artifacts
    assert [(made.path, made.task, made.kind) for made in sets] == [
        (artifact.path, artifact.task, artifact.kind) for artifact in artifacts
    ]
    for made in sets:
        task = find_task(made.task).task
        budget = task.settings.get("budget") or task.settings["images_per_class"] * len(task.data.classes)
        assert made.images == budget, made.task


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_no_image_of_cifar10_is_committed(name: str) -> None:
    for made in read_set_recipe(RECIPES[name]).sets:
        if made.kind == "distilled" and made.pool == "cifar10":
            assert made.path.startswith("made/"), "files below made/ are ignored by git, and made on each machine"


@pytest.mark.parametrize(("name", "path"), list(files_without_training()))
def test_a_file_comes_out_of_its_recipe(name: str, path: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    recipe = read_set_recipe(RECIPES[name])
    made = recipe.set_for(path)
    if made.pool.startswith("cifar10"):
        request.getfixturevalue("mirror")
    artifact = next(one for one in read_submission(RECIPES[name].parent).artifacts if one.path == path)
    assert make_set(recipe, made, tmp_path / "set.safetensors", progress=False) == artifact.sha256


def test_reproducing_makes_the_sets_and_says_whether_they_are_equal(tmp_path: Path) -> None:
    lines = reproduce_baseline("curation-random", tmp_path)
    assert next(lines) == (
        "curation-random: made fashion-mnist-dirty-1k.safetensors; its bytes are equal to the committed ones"
    )
    made = tmp_path / "reproduced" / "curation-random" / "fashion-mnist-dirty-1k.safetensors"
    assert made.read_bytes() == (ROOT / "submissions" / "curation-random" / made.name).read_bytes()


def test_a_sha256_goes_to_its_own_path(tmp_path: Path) -> None:
    text = "".join(f'path = "{name}"\nsha256 = "{"0" * 64}"\n' for name in ("a.safetensors", "made/a.safetensors"))
    write_atomically(tmp_path / "submission.toml", with_sha256(text, "a.safetensors", "1" * 64).encode())
    lines = (tmp_path / "submission.toml").read_text().splitlines()
    assert lines[1::2] == [f'sha256 = "{"1" * 64}"', f'sha256 = "{"0" * 64}"']
    with pytest.raises(MettleError, match="stands once"):
        with_sha256(text, "b.safetensors", "1" * 64)
