"""Recipes of sets: what they refuse, and the files they give, with real nets on a small pool."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark import data
from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.selection import herding_by_class, label_losses
from benchmark.set_making import proxy as proxies
from benchmark.set_making.making import make_set
from benchmark.set_making.proxy import evidence, random_halves
from benchmark.set_making.recipe import is_set_recipe, read_set_recipe
from benchmark.submitted_sets import read_curated, read_distilled

PROXY = """
[proxies.digits]
seed = 3

[proxies.digits.plan]
architecture = "convnet2_w16"
mean = [0.3]
std = [0.4]
epochs = 3
batch_size = 64
optimizer = { learning_rate = 0.1 }
"""


def table(method: str, kind: str = "curated", images: int = 100, name: str | None = None) -> str:
    given = f"name = {method!r}" if "=" not in method else method
    name = name or given.split("'")[1]
    return f"""
[[sets]]
task = "{"distillation" if kind == "distilled" else "curation"}/{name.replace("_", "-")}-{kind}"
path = "{name}.{kind}.safetensors"
kind = "{kind}"
pool = "digits"
images = {images}
method = {{ {given} }}
"""


CURATED = [
    "random", "balanced_random", "margin", "forgetting", "confident_learning",
    "name = 'herding', features = 'proxy'", "name = 'k_center', features = 'proxy'",
    "name = 'small_loss', kept = 0.2", "name = 'el2n', after_epoch = 1",
    "name = 'neighbour_agreement', neighbours = 10",
]  # fmt: skip
DISTILLED = [
    "balanced_random", "name = 'herding', features = 'pixels'", "k_means",
    "name = 'distribution_matching', settings = { architecture = 'convnet2_w16', mean = [0.3], std = [0.4], "
    "iterations = 3, real_batch = 20 }",
]  # fmt: skip


@pytest.fixture
def recipe_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "recipe.toml"
    text = [table(method) for method in CURATED] + [table(method, "distilled", 20) for method in DISTILLED]
    path.write_text(PROXY + "".join(text))
    return path


def test_every_method_gives_a_file_that_its_reader_accepts_and_gives_it_again(
    recipe_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = read_set_recipe(recipe_path)
    pool = data.load("digits", "train", progress=False)
    assert len(recipe.sets) == len(CURATED) + len(DISTILLED)
    chosen, sha256 = {}, {}
    for made in recipe.sets:
        target = recipe_path.with_name(made.path)
        sha256[made.path] = make_set(recipe, made, target, progress=False)
        assert sha256[made.path] == hashlib.sha256(target.read_bytes()).hexdigest()
        if made.kind == "distilled":
            small = read_distilled(target, image_size=8, channels=1, classes=10, images_per_class=2)
            assert small.targets.sum(axis=0).tolist() == [2] * 10
        else:
            found = read_curated(target, pool_size=len(pool), budget=100, image_size=8, channels=1, classes=10)
            assert len(found) == 100
            chosen[made.method.name] = found.indices
            if made.method.name != "random":
                assert np.bincount(pool.labels[found.indices]).tolist() == [10] * 10
    assert len({tuple(indices.tolist()) for indices in chosen.values()}) == len(chosen)

    # In an empty cache, where the proxy is trained again too.
    monkeypatch.setenv("METTLE_CACHE", str(recipe_path.with_name("another cache")))
    again = {made.path: make_set(recipe, made, recipe_path.with_name("again"), progress=False) for made in recipe.sets}
    assert again == sha256

    said = evidence(recipe.proxies["digits"], pool, progress=False)
    losses = label_losses(said.probabilities, pool.labels)
    for label in range(10):
        inside = losses[[row for row in chosen["small_loss"] if pool.labels[row] == label]]
        assert inside.max() <= np.quantile(losses[pool.labels == label], 0.2)
    by_hand = herding_by_class(said.features, pool.labels, 100)
    assert sorted(by_hand.tolist()) == chosen["herding"].tolist()


def test_evidence_is_about_images_a_net_has_not_seen(recipe_path: Path) -> None:
    """The nets learn shuffled labels of their own half by heart, and know nothing of the other half's."""
    recipe = read_set_recipe(recipe_path)
    pool = data.load("digits", "train", progress=False)
    shuffled = np.random.default_rng(0).integers(0, 10, 400)
    pool = replace(pool, images=pool.images[:400], labels=shuffled)
    plan = recipe.proxies["digits"].plan.model_copy(update={"epochs": 40, "architecture": "mlp_w256", "batch_size": 32})
    said = evidence(recipe.proxies["digits"].model_copy(update={"plan": plan}), pool, progress=False)
    assert said.on_the_way.shape == (40, len(pool), 10)
    assert said.features.shape == (len(pool), 512)
    seen = (said.on_the_way[-1].argmax(axis=1) == shuffled).mean()
    unseen = (said.probabilities.argmax(axis=1) == shuffled).mean()
    assert seen > 0.6
    assert unseen < 0.2
    assert (said.on_the_way[0].argmax(axis=1) == shuffled).mean() < 0.3


def test_evidence_is_kept_and_depends_on_the_pool(recipe_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = read_set_recipe(recipe_path).proxies["digits"]
    pool = data.load("digits", "train", progress=False)
    first = evidence(proxy, pool, progress=False)
    name = proxies.identity(proxy, pool)

    def never(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(proxies, "train", never)
    again = evidence(proxy, pool, progress=False)
    assert np.array_equal(first.probabilities, again.probabilities)
    assert proxies.identity(proxy.model_copy(update={"seed": 4}), pool) != name
    assert proxies.identity(proxy, replace(pool, labels=pool.labels[::-1].copy())) != name


@pytest.mark.parametrize("cut", [0, 1000])
def test_damaged_evidence_is_made_again(recipe_path: Path, cut: int) -> None:
    recipe = read_set_recipe(recipe_path)
    proxy = recipe.proxies["digits"].model_copy(
        update={"plan": recipe.proxies["digits"].plan.model_copy(update={"epochs": 1})}
    )
    pool = data.load("digits", "train", progress=False)
    first = evidence(proxy, pool, progress=False)
    kept = sorted((recipe_path.parent / "cache" / "proxies").rglob("*.npz"))
    assert len(kept) == proxies.HALVES
    kept[0].write_bytes(kept[0].read_bytes()[:cut])
    again = evidence(proxy, pool, progress=False)
    assert np.array_equal(first.features, again.features)
    assert np.array_equal(first.on_the_way, again.on_the_way)


def test_halves_are_halves() -> None:
    halves = random_halves(1001, 5)
    assert np.bincount(halves).tolist() == [500, 501]
    assert abs(halves[:500].mean() - 0.5) < 0.1
    assert not np.array_equal(halves, random_halves(1001, 6))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (table("name = 'small_loss', kept = 0.5"), r"small_loss needs a \[proxies.digits\] table"),
        (table("name = 'herding', features = 'proxy'"), r"herding needs a \[proxies.digits\] table"),
        (table("k_means"), "chooses from the pool"),
        (table("random") + table("random"), "the sets differ in path"),
        (table("telepathy"), "telepathy"),
        (PROXY.replace("epochs = 3", "steps = 3") + table("margin"), "the plan of a proxy has epochs"),
        (PROXY + table("random"), "no method weighs the proxy of digits"),
        (table("random").replace("images = 100", "images = 0"), "images"),
        (table("random").replace('path = "', 'path = "../'), "never leaves its folder"),
        (PROXY, "'sets' is required"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(MettleError, match=says) as refused:
        read_set_recipe(path)
    assert "\n" not in str(refused.value)


def test_what_the_pool_cannot_give_is_told(recipe_path: Path) -> None:
    recipe = read_set_recipe(recipe_path)
    by_name = {made.method.name: made for made in recipe.sets}
    late = by_name["el2n"].model_copy(update={"method": by_name["el2n"].method.model_copy(update={"after_epoch": 9})})
    with pytest.raises(MettleError, match="the proxy trains for 3 epochs"):
        make_set(recipe, late, recipe_path.with_name("late"), progress=False)
    recipe_path.write_text(table("oracle"))
    oracle = read_set_recipe(recipe_path)
    with pytest.raises(MettleError, match="needs a pool of known dirt"):
        make_set(oracle, oracle.sets[0], recipe_path.with_name("oracle"), progress=False)
    with pytest.raises(MettleError, match="no such file"):
        oracle.set_for("other.safetensors")


def test_recipes_tell_themselves_apart(recipe_path: Path) -> None:
    assert is_set_recipe(recipe_path)
    assert not is_set_recipe(ROOT / "submissions" / "fashion-mnist-linear" / "recipe.toml")
