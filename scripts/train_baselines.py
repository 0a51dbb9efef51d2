"""Trains the nets of recipe files and prints their sha256 and test accuracy, which chooses nothing.

python scripts/train_baselines.py submissions/fashion-mnist-linear/recipe.toml ...
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from benchmark import data
from benchmark.errors import MettleError
from benchmark.training.baseline import train_baseline, weights_path
from benchmark.training.checkpoint import load_weights
from benchmark.training.recipe import Recipe, read_recipe

BATCH_SIZE = 500


@torch.inference_mode()
def test_accuracy(weights: Path, recipe: Recipe) -> float:
    """Share of test images classified correctly, in [0, 1], higher is better."""
    part = data.load(recipe.dataset, "test")
    loaded = load_weights(weights, recipe.model_spec(), part.images, part.class_names)
    predicted = [
        loaded.module(torch.from_numpy(part.images[start : start + BATCH_SIZE]).permute(0, 3, 1, 2).float() / 255)
        .argmax(1)
        .numpy()
        for start in range(0, len(part), BATCH_SIZE)
    ]
    return float(np.mean(np.concatenate(predicted) == part.labels))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="+", type=Path)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument("--missing", action="store_true", help="leave weights that exist as they are")
    arguments = parser.parse_args()
    for path in arguments.recipes:
        recipe = read_recipe(path)
        for seed in recipe.seeds:
            if arguments.missing and weights_path(path, recipe, seed).exists():
                continue
            start = time.process_time()
            baseline = train_baseline(path, seed, progress=not arguments.quiet)
            cpu_s = time.process_time() - start
            print(
                f"{baseline.path} seed {seed} sha256 {baseline.sha256} loss {baseline.loss:.4f} "
                f"test accuracy {test_accuracy(baseline.path, recipe):.4f} ({cpu_s:.0f} CPU-seconds)",
                flush=True,
            )


if __name__ == "__main__":
    try:
        main()
    except MettleError as error:
        raise SystemExit(str(error)) from None
