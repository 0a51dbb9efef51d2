import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors import safe_open

from benchmark import data
from benchmark.errors import MettleError
from benchmark.training.baseline import identity, train_baseline, weights_path
from benchmark.training.checkpoint import load_weights
from benchmark.training.examples import balancing_weights
from benchmark.training.outliers import OutlierSource
from benchmark.training.recipe import Replicate, read_recipe
from benchmark.training.trainer import _order, train
from benchmark.training.training_set import labelled

RECIPE = """
dataset = "digits"
architecture = "convnet2_w16"
mean = [0.3]
std = [0.4]
seeds = [1, 2]
epochs = 6
batch_size = 64
label_smoothing = 0.1
corruptions_seen = ["gaussian_noise", "quantization"]
optimizer = { learning_rate = 0.2 }

[[augmentations]]
name = "shift"
pixels = 1

[[augmentations]]
name = "gaussian_noise"
largest_sd = 0.1

[[augmentations]]
name = "augmix"
"""


@pytest.fixture
def recipe_path(tmp_path, monkeypatch):
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return tmp_path / "recipe.toml"


def digits():
    return data.load("digits", "train", progress=False)


def weights(net):
    return {name: tensor.clone() for name, tensor in net.module.state_dict().items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def run(recipe, seed=1, **options):
    part = digits()
    return train(recipe, labelled(part.images[:400], part.labels[:400], 10), seed=seed, show_progress=False, **options)


def test_equal_runs_give_equal_weights_and_another_seed_others(recipe_path):
    recipe = read_recipe(recipe_path).model_copy(update={"epochs": 2})
    torch.manual_seed(1)
    first = weights(run(recipe))
    torch.manual_seed(2)
    assert same(first, weights(run(recipe)))
    assert not same(first, weights(run(recipe, seed=2)))


@pytest.mark.slow
def test_a_training_that_stopped_goes_on_to_the_same_weights(recipe_path, tmp_path):
    recipe = read_recipe(recipe_path).model_copy(update={"epochs": 3})
    whole = run(recipe)

    saved = tmp_path / "progress.pt"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(recipe_path), str(saved)])
    deadline = time.monotonic() + 120
    while not saved.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    resumed = run(recipe, progress_file=saved)
    assert resumed.resumed_after_epoch in (1, 2, 3)
    assert same(weights(whole), weights(resumed))
    assert resumed.loss == whole.loss


KILLED = """
import sys, time
from pathlib import Path
from benchmark import data
from benchmark.training import checkpoint, trainer
from benchmark.training.recipe import read_recipe
from benchmark.training.training_set import labelled

def slowly(path, progress, save=checkpoint.save_progress):
    save(path, progress)
    time.sleep(2)  # stays killable between two epochs

trainer.save_progress = slowly
trainer.SAVE_EVERY_S = 0.0
recipe = read_recipe(Path(sys.argv[1])).model_copy(update={"epochs": 3})
part = data.load("digits", "train", progress=False)
trainer.train(recipe, labelled(part.images[:400], part.labels[:400], 10), seed=1, progress_file=Path(sys.argv[2]),
              show_progress=False)
"""


def test_a_baseline_learns_and_its_file_tells_its_origin(recipe_path):
    baseline = train_baseline(recipe_path, progress=False)
    recipe = read_recipe(recipe_path)
    assert baseline.path.name == "weights.safetensors"
    assert baseline.sha256 == hashlib.sha256(baseline.path.read_bytes()).hexdigest()
    with safe_open(str(baseline.path), framework="pt") as file:
        origin = json.loads(file.metadata()["mettle"])
    assert origin["recipe"]["architecture"] == recipe.architecture
    assert origin["seed"] == 1
    assert origin["pixels_sha256"] == digits().pixels_sha256
    test = data.load("digits", "test", progress=False)
    loaded = load_weights(baseline.path, recipe.model_spec(), test.images, test.class_names)
    with torch.inference_mode():
        logits = loaded.module(torch.from_numpy(test.images).permute(0, 3, 1, 2).float() / 255)
    assert np.mean(logits.argmax(1).numpy() == test.labels) > 0.8
    again = train_baseline(recipe_path, "seed 1", recipe_path.with_name("again.safetensors"), progress=False)
    assert again.sha256 == baseline.sha256


def test_first_examples_leave_the_others_unseen(recipe_path):
    recipe = read_recipe(recipe_path).model_copy(update={"epochs": 1})
    part = digits()
    recipe_path.write_text(RECIPE.replace("seeds", "first_examples = 200\nseeds").replace("epochs = 6", "epochs = 1"))
    baseline = train_baseline(recipe_path, progress=False)
    alone = train(recipe, labelled(part.images[:200], part.labels[:200], 10), seed=1, show_progress=False)
    with safe_open(str(baseline.path), framework="pt") as file:
        assert torch.equal(file.get_tensor("classifier.weight"), alone.module.state_dict()["classifier.weight"])
    recipe_path.write_text(RECIPE.replace("seeds", "first_examples = 20000\nseeds"))
    with pytest.raises(MettleError, match="first_examples is at most the"):
        train_baseline(recipe_path, progress=False)


def test_fewer_examples_than_a_batch_still_train(recipe_path):
    recipe = read_recipe(recipe_path).model_copy(update={"epochs": 1, "batch_size": 4096})
    part = digits()
    trained = train(recipe, labelled(part.images[:30], part.labels[:30], 10), seed=1, show_progress=False)
    assert np.isfinite(trained.loss)


def test_the_global_generator_and_thread_count_are_left_alone(recipe_path):
    recipe = read_recipe(recipe_path).model_copy(update={"epochs": 1, "threads": 2})
    threads = torch.get_num_threads()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    run(recipe)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_names_of_weights_and_identity(recipe_path):
    recipe = read_recipe(recipe_path)
    one = recipe.model_copy(update={"seeds": [1]})
    first, second = recipe.replicates()
    without = Replicate("trouser+ankle boot", 2, ("Trouser", "Ankle boot"))
    assert weights_path(recipe_path, recipe, first).name == "weights.safetensors"
    assert weights_path(recipe_path, recipe, second).name == "weights-seed2.safetensors"
    assert weights_path(recipe_path, recipe, without).name == "weights-trouser-ankle-boot-seed2.safetensors"
    assert weights_path(recipe_path.with_name("resnet8.recipe.toml"), one, first).name == "resnet8.safetensors"
    longer = recipe.model_copy(update={"epochs": 7})
    names = {identity(recipe, net, "a") for net in (first, second, without)}
    names |= {identity(recipe, first, "b"), identity(longer, first, "a")}
    assert len(names) == 5
    assert identity(one, first, "a") == identity(recipe, first, "a")


def with_options(recipe_path, options, **update):
    # One epoch of plain images: what the option changes is all that differs.
    text = RECIPE[: RECIPE.index("[[")].replace("epochs = 6", "epochs = 1\n" + options)
    recipe_path.write_text(text)
    return read_recipe(recipe_path).model_copy(update=update)


def test_a_net_without_two_classes_has_eight_outputs_and_learns_them(recipe_path):
    options = 'hold_outs = [["4", "8"], ["1", "7"]]'
    recipe = with_options(recipe_path, options)
    recipe_path.write_text(recipe_path.read_text().replace("epochs = 1", "epochs = 6"))
    baseline = train_baseline(recipe_path, "4+8, seed 2", progress=False)
    assert baseline.path.name == "weights-4-8-seed2.safetensors"
    with safe_open(str(baseline.path), framework="pt") as file:
        assert json.loads(file.metadata()["mettle"])["held_out"] == ["4", "8"]
    test = data.load("digits", "test", progress=False)
    names = tuple(name for name in test.class_names if name not in ("4", "8"))
    loaded = load_weights(baseline.path, recipe.model_spec(), test.images, names)
    kept = ~np.isin(test.labels, (4, 8))
    with torch.inference_mode():
        logits = loaded.module(torch.from_numpy(test.images[kept]).permute(0, 3, 1, 2).float() / 255)
    assert logits.shape[1] == 8
    predicted = np.array([int(name) for name in names])[logits.argmax(1).numpy()]
    assert np.mean(predicted == test.labels[kept]) > 0.8


@pytest.mark.parametrize(
    "options",
    ['loss = { name = "logit_norm" }', 'outliers = { kinds = ["jigsaw", "blend"] }'],
    ids=["logit norm", "outliers"],
)
def test_an_option_changes_the_weights_the_same_way_every_time(recipe_path, options):
    plain, other = with_options(recipe_path, ""), with_options(recipe_path, options)
    assert other.settings() != plain.settings()
    first = weights(run(other))
    assert same(first, weights(run(other)))
    assert not same(first, weights(run(plain)))


def test_outlier_exposure_makes_a_net_less_sure_of_outliers_than_plain_training_does(recipe_path):
    part = digits()
    source = OutlierSource(["jigsaw"], part.images, part.labels)
    outliers = source.draw(300, torch.Generator().manual_seed(5))
    sure = {}
    for options in ("", 'outliers = { kinds = ["jigsaw"] }'):
        recipe = with_options(recipe_path, options, epochs=6, label_smoothing=0.0)
        net = run(recipe).module
        with torch.inference_mode():
            logits = net((outliers - recipe.mean[0]) / recipe.std[0])
        sure[options] = float(logits.softmax(1).amax(1).mean())
    without, exposed = sure.values()
    assert exposed < 0.5 * without


def test_group_balanced_epochs_reach_every_group_equally_often():
    groups = np.repeat([0, 1, 5], [900, 90, 10])
    order = _order(1000, torch.from_numpy(balancing_weights(groups)), torch.Generator().manual_seed(1))
    assert order.shape == (1000,)
    drawn = np.bincount(groups[order.numpy()], minlength=6)
    assert drawn[[0, 1, 5]] == pytest.approx([333, 333, 333], abs=60)  # four standard deviations
    assert drawn.sum() == 1000
    assert len(np.unique(order.numpy()[groups[order.numpy()] == 5])) == 10
    shuffled = _order(1000, None, torch.Generator().manual_seed(1))
    assert sorted(shuffled.tolist()) == list(range(1000))


def test_group_balanced_sampling_without_groups_is_an_error(recipe_path):
    with_options(recipe_path, 'sampling = "group_balanced"')
    with pytest.raises(MettleError, match="needs a data set with groups"):
        train_baseline(recipe_path, progress=False)


def test_a_loss_that_runs_away_is_an_error(recipe_path):
    recipe_path.write_text(RECIPE.replace("learning_rate = 0.2", "learning_rate = 1e14"))
    with pytest.raises(MettleError, match="loss must stay finite"):
        run(read_recipe(recipe_path))
