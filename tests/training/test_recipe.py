import pytest

from benchmark.errors import MettleError
from benchmark.paths import ROOT
from benchmark.training.recipe import Schedule, read_recipe

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
    ],
)
def test_a_wrong_recipe_is_refused_in_one_line(tmp_path, change, says):
    with pytest.raises(MettleError) as caught:
        read_recipe(written(tmp_path, TEXT.replace(*change)))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_noise_in_training_must_be_declared(tmp_path):
    noisy = TEXT + '[[augmentations]]\nname = "gaussian_noise"\nlargest_sd = 0.1\n'
    with pytest.raises(MettleError, match="corruptions_seen must declare gaussian_noise"):
        read_recipe(written(tmp_path, noisy))
    declared = noisy.replace("optimizer", 'corruptions_seen = ["gaussian_noise"]\noptimizer')
    assert read_recipe(written(tmp_path, declared)).corruptions_seen == ["gaussian_noise"]


def test_every_committed_recipe_is_valid():
    paths = [*ROOT.glob("submissions/*/recipe.toml"), *ROOT.glob("scripts/calibration/*/*.recipe.toml")]
    assert paths
    for path in paths:
        read_recipe(path)


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
