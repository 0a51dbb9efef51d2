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
from benchmark.training.baseline import train_baseline, weights_path
from benchmark.training.checkpoint import load_weights
from benchmark.training.recipe import read_recipe
from benchmark.training.trainer import identity, train

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
    return train(
        recipe, part.images[:400], part.labels[:400], num_classes=10, seed=seed, show_progress=False, **options
    )


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
from benchmark.training.checkpoint import load_weights
from benchmark.training.recipe import read_recipe

def slowly(path, progress, save=checkpoint.save_progress):
    save(path, progress)
    time.sleep(2)  # stays killable between two epochs

trainer.save_progress = slowly
recipe = read_recipe(Path(sys.argv[1])).model_copy(update={"epochs": 3})
part = data.load("digits", "train", progress=False)
trainer.train(recipe, part.images[:400], part.labels[:400], num_classes=10, seed=1, progress_file=Path(sys.argv[2]),
              show_progress=False)
"""


def test_a_baseline_learns_and_its_file_tells_its_origin(recipe_path):
    baseline = train_baseline(recipe_path, 1, progress=False)
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
    again = train_baseline(recipe_path, 1, recipe_path.with_name("again.safetensors"), progress=False)
    assert again.sha256 == baseline.sha256


def test_first_examples_leave_the_others_unseen(recipe_path):
    recipe = read_recipe(recipe_path).model_copy(update={"epochs": 1})
    part = digits()
    recipe_path.write_text(RECIPE.replace("seeds", "first_examples = 200\nseeds").replace("epochs = 6", "epochs = 1"))
    baseline = train_baseline(recipe_path, 1, progress=False)
    alone = train(recipe, part.images[:200], part.labels[:200], num_classes=10, seed=1, show_progress=False)
    with safe_open(str(baseline.path), framework="pt") as file:
        assert torch.equal(file.get_tensor("classifier.weight"), alone.module.state_dict()["classifier.weight"])
    recipe_path.write_text(RECIPE.replace("seeds", "first_examples = 20000\nseeds"))
    with pytest.raises(MettleError, match="first_examples is at most the"):
        train_baseline(recipe_path, 1, progress=False)


def test_fewer_examples_than_a_batch_still_train(recipe_path):
    recipe = read_recipe(recipe_path).model_copy(update={"epochs": 1, "batch_size": 4096})
    part = digits()
    trained = train(recipe, part.images[:30], part.labels[:30], num_classes=10, seed=1, show_progress=False)
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
    assert weights_path(recipe_path, recipe, 1).name == "weights.safetensors"
    assert weights_path(recipe_path, recipe, 2).name == "weights-seed2.safetensors"
    assert weights_path(recipe_path.with_name("resnet8.recipe.toml"), one, 1).name == "resnet8.safetensors"
    longer = recipe.model_copy(update={"epochs": 7})
    names = {identity(recipe, 1, "a"), identity(recipe, 2, "a"), identity(recipe, 1, "b"), identity(longer, 1, "a")}
    assert len(names) == 4
    assert identity(one, 1, "a") == identity(recipe, 1, "a")


def test_a_loss_that_runs_away_is_an_error(recipe_path):
    recipe_path.write_text(RECIPE.replace("learning_rate = 0.2", "learning_rate = 1e30"))
    with pytest.raises(MettleError, match="loss must stay finite"):
        run(read_recipe(recipe_path))
