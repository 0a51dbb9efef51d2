"""From a recipe file to weights on disk: loads the data, trains a replicate, writes safetensors."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmark.paths import cache_dir
from benchmark.training.checkpoint import save_weights
from benchmark.training.examples import Examples, balancing_weights, training_examples
from benchmark.training.luma import fold_luma, luma_of
from benchmark.training.recipe import Recipe, Replicate, read_recipe
from benchmark.training.trainer import TRAINER_FORMAT, TrainedNet, train
from benchmark.training.training_set import labelled


@dataclass(frozen=True)
class Baseline:
    """Weights that a recipe gave. loss: the mean over the last epoch's training batches."""

    path: Path
    sha256: str
    replicate: Replicate
    loss: float


def weights_path(recipe_path: Path, recipe: Recipe, replicate: Replicate) -> Path:
    """Where a net's weights go: weights.safetensors beside recipe.toml, net.safetensors beside net.recipe.toml.

    The name tells the held-out classes (`-coat-bag`), and the seed (`-seed2`) where it is not the recipe's first, so
    that replicates can be added later.
    """
    stem = recipe_path.name.removesuffix(".toml").removesuffix("recipe").removesuffix(".") or "weights"
    classes = "".join("-" + re.sub(r"[^a-z0-9]+", "-", name.lower()) for name in replicate.held_out)
    seed = f"-seed{replicate.seed}" if replicate.seed != recipe.seeds[0] else ""
    return recipe_path.with_name(f"{stem}{classes}{seed}.safetensors")


def identity(recipe: Recipe, replicate: Replicate, pixels_sha256: str) -> str:
    """A hex name (16 digits) of one training; it changes with recipe, replicate, pixels, trainer and torch."""
    parts = [recipe.settings(), replicate.seed, sorted(replicate.held_out), pixels_sha256]
    text = json.dumps([*parts, TRAINER_FORMAT, torch.__version__], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def train_on(
    recipe: Recipe, examples: Examples, seed: int, *, progress_file: Path | None = None, show_progress: bool = True
) -> TrainedNet:
    """The net of a recipe on its examples; a net of a `luma_only` recipe takes colour images in the end."""
    images = luma_of(examples.images) if recipe.luma_only else examples.images
    weights = None if examples.groups is None else balancing_weights(examples.groups)
    trained = train(
        recipe,
        labelled(images, examples.labels, len(examples.class_names), weights),
        seed=seed,
        progress_file=progress_file,
        show_progress=show_progress,
    )
    if recipe.luma_only:
        fold_luma(trained.module)
    return trained


def train_baseline(
    recipe_path: Path, replicate: str | None = None, target: Path | None = None, *, progress: bool = True
) -> Baseline:
    """Trains one net of a recipe and writes its weights to `target` (default: beside the recipe).

    replicate: its name, "seed 1" or "coat+bag"; the recipe's first without one. An interrupted training goes on after
    the last epoch whose state was saved. The file holds the net's state dict and, in its metadata, the recipe, the
    seed, the classes held out, the data's pixel hash and the torch version; equal runs give equal bytes on one machine.
    Raises MettleError for a bad recipe, an unknown replicate, and what `training_examples` refuses.
    """
    recipe = read_recipe(recipe_path)
    chosen = recipe.replicate(replicate)
    target = target or weights_path(recipe_path, recipe, chosen)
    examples = training_examples(recipe, chosen.held_out, progress=progress)
    resume = cache_dir() / "training" / f"{identity(recipe, chosen, examples.pixels_sha256)}.pt"
    trained = train_on(recipe, examples, chosen.seed, progress_file=resume, show_progress=progress)
    origin = {
        "recipe": recipe.settings(),
        "seed": chosen.seed,
        **({"held_out": list(chosen.held_out)} if chosen.held_out else {}),
        "pixels_sha256": examples.pixels_sha256,
        "torch": torch.__version__,
    }
    save_weights(target, trained.module.state_dict(), origin)
    resume.unlink(missing_ok=True)
    return Baseline(target, hashlib.sha256(target.read_bytes()).hexdigest(), chosen, trained.loss)
