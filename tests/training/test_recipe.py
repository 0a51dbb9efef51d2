import json

import pytest
from safetensors import safe_open

from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.set_making.recipe import is_set_recipe
from benchmark.training.baseline import weights_path
from benchmark.training.plan import Schedule
from benchmark.training.recipe import read_recipe

TEXT = """
dataset = "digits"
architecture = "linear"
mean = [0.0]
std = [1.0]
seeds = [1]
epochs = 2
batch_size = 64
optimizer = { learning_rate = 0.1 }
"""


def written(tmp_path, text):
    (tmp_path / "recipe.toml").write_text(text)
    return tmp_path / "recipe.toml"


def test_a_recipe_is_read_with_its_defaults(tmp_path):
    recipe = read_recipe(written(tmp_path, TEXT))
    assert recipe.optimizer.momentum == 0.9
    assert recipe.threads == 1
    assert recipe.part == "train"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("epochs = 2", "epochs = 2\nbatchsize = 3"), "Did you mean 'batch_size'?"),
        (("epochs = 2", "epochs = 0"), "epochs"),
        (("seeds = [1]", "seeds = [1, 1]"), "seeds must differ"),
        (("seeds = [1]", 'part = "test"\nseeds = [1]'), "part"),
        (("std = [1.0]", "std = [0.0]"), "std"),
        (("epochs = 2", 'epochs = 2\nhold_outs = [["1", "2"], ["2", "1"]]'), "hold_outs must differ"),
        (("mean = [0.0]", "mean = [0.1, 0.2, 0.3]\nluma_only = true"), "luma_only needs one mean"),
        (("epochs = 2", 'epochs = 2\nluma_only = true\noutliers = { kinds = ["blend"] }'), "do not go together"),
        (("epochs = 2", 'epochs = 2\nloss = { name = "logitnorm" }'), "logit_norm"),
        (("epochs = 2", "epochs = 2\noutliers = { kinds = [] }"), "kinds"),
        (("epochs = 2", 'epochs = 2\noutliers = { kinds = ["blend", "blend"] }'), "kinds of outliers must differ"),
    ],
)
def test_a_wrong_recipe_is_refused_in_one_line(tmp_path, change, says):
    path = written(tmp_path, TEXT.replace(*change))
    with pytest.raises(MettleError) as caught:
        read_recipe(path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_noise_in_training_must_be_declared(tmp_path):
    noisy = TEXT + '[[augmentations]]\nname = "gaussian_noise"\nlargest_sd = 0.1\n'
    with pytest.raises(MettleError, match="corruptions_seen must declare gaussian_noise"):
        read_recipe(written(tmp_path, noisy))
    declared = noisy.replace("optimizer", 'corruptions_seen = ["gaussian_noise"]\noptimizer')
    assert read_recipe(written(tmp_path, declared)).corruptions_seen == ["gaussian_noise"]


def training_recipes():
    """Every committed recipe of nets."""
    of_submissions = [path for path in ROOT.glob("submissions/*/recipe.toml") if not is_set_recipe(path)]
    return [*of_submissions, *ROOT.glob("scripts/calibration/*/*.recipe.toml")]


def test_every_committed_recipe_is_valid():
    paths = training_recipes()
    assert paths
    for path in paths:
        read_recipe(path)


def test_later_options_leave_what_older_recipes_say_unchanged():
    said = {}
    for path in training_recipes():
        recipe = read_recipe(path)
        for replicate in recipe.replicates():
            with safe_open(str(weights_path(path, recipe, replicate)), framework="pt") as file:
                origin = json.loads(file.metadata()["mettle"])
            assert origin["recipe"] == recipe.settings(), path
            assert origin["seed"] == replicate.seed, path
            assert tuple(origin.get("held_out", ())) == replicate.held_out, path
            said[path] = origin
    assert len(said) > 10


def test_a_recipe_names_its_nets(tmp_path):
    recipe = read_recipe(written(tmp_path, TEXT.replace("seeds = [1]", "seeds = [1, 3]")))
    assert [net.name for net in recipe.replicates()] == ["seed 1", "seed 3"]
    assert recipe.replicate(None).seed == 1
    assert recipe.replicate("seed 3").seed == 3
    with pytest.raises(MettleError, match="seed 1; seed 3"):
        recipe.replicate("seed 2")
    pairs = 'seeds = [1]\nhold_outs = [["Coat", "Bag"], ["Trouser", "Ankle boot"]]'
    recipe = read_recipe(written(tmp_path, TEXT.replace("seeds = [1]", pairs)))
    assert [net.name for net in recipe.replicates()] == ["coat+bag", "trouser+ankle boot"]
    assert recipe.replicate("trouser+ankle boot").held_out == ("Trouser", "Ankle boot")
    assert recipe.settings() == read_recipe(written(tmp_path, TEXT)).settings()
    both = recipe.model_copy(update={"seeds": [1, 2]})
    assert [net.name for net in both.replicates()][:2] == ["coat+bag, seed 1", "coat+bag, seed 2"]


@pytest.mark.parametrize("decay", ["linear", "cosine", "constant"])
def test_schedule_climbs_to_the_highest_rate_and_falls(decay):
    schedule = Schedule(warmup_share=0.25, decay=decay, final_share=0.1)
    factors = [schedule.factor(step, 100) for step in range(100)]
    assert all(0 < factor <= 1 for factor in factors)
    assert factors[:26] == sorted(factors[:26])
    assert factors[25] == 1
    assert factors[25:] == sorted(factors[25:], reverse=True)
    assert factors[-1] == pytest.approx(1.0 if decay == "constant" else 0.1, abs=0.02)


def test_schedule_of_a_single_step_or_without_warm_up_is_defined():
    assert Schedule().factor(0, 1) > 0
    assert Schedule(warmup_share=0.0).factor(0, 10) == 1
    assert Schedule(warmup_share=1.0).factor(9, 10) == pytest.approx(10 / 11)
