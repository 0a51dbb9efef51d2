"""From a recipe file to weights on disk: loads the data, trains each seed, writes safetensors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmark import data
from benchmark.errors import MettleError
from benchmark.paths import cache_dir
from benchmark.training.checkpoint import save_weights
from benchmark.training.recipe import Recipe, read_recipe
from benchmark.training.trainer import identity, train


@dataclass(frozen=True)
class Baseline:
    """Weights that a recipe gave with one seed."""

    path: Path
    sha256: str
    seed: int
    loss: float


def weights_path(recipe_path: Path, recipe: Recipe, seed: int) -> Path:
    """Where a seed's weights go: weights.safetensors beside recipe.toml, net.safetensors beside net.recipe.toml.

    Names of seeds after the recipe's first end in `-seed<N>`, so that replicates can be added later.
    """
    stem = recipe_path.name.removesuffix(".toml").removesuffix("recipe").removesuffix(".") or "weights"
    suffix = f"-seed{seed}" if seed != recipe.seeds[0] else ""
    return recipe_path.with_name(f"{stem}{suffix}.safetensors")


def train_baseline(recipe_path: Path, seed: int, target: Path | None = None, *, progress: bool = True) -> Baseline:
    """Trains one seed of a recipe and writes its weights to `target` (default: beside the recipe).

    An interrupted training goes on after its last finished epoch. The file holds the net's state dict and, in
    its metadata, the recipe, the seed, the data's pixel hash and the torch version; equal runs give equal bytes
    on one machine. Raises MettleError for a bad recipe or a recipe that asks for more examples than there are.
    """
    recipe = read_recipe(recipe_path)
    target = target or weights_path(recipe_path, recipe, seed)
    part = data.load(recipe.dataset, recipe.part, progress=progress)
    if recipe.first_examples is not None and recipe.first_examples > len(part):
        raise MettleError(
            recipe_path, f"first_examples is at most the {len(part):,} of {part.name}", f"{recipe.first_examples:,}"
        )
    count = recipe.first_examples or len(part)
    resume = cache_dir() / "training" / f"{identity(recipe, seed, part.pixels_sha256)}.pt"
    trained = train(
        recipe,
        part.images[:count],
        part.labels[:count],
        num_classes=len(part.class_names),
        seed=seed,
        progress_file=resume,
        show_progress=progress,
    )
    origin = {
        "recipe": recipe.settings(),
        "seed": seed,
        "pixels_sha256": part.pixels_sha256,
        "torch": torch.__version__,
    }
    save_weights(target, trained.module.state_dict(), origin)
    resume.unlink(missing_ok=True)
    return Baseline(target, hashlib.sha256(target.read_bytes()).hexdigest(), seed, trained.loss)
