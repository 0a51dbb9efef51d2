"""Trains the nets of recipe files and prints their sha256 and test accuracy, which chooses nothing.

Of a net that holds classes out, the accuracy is that on the other classes.

python -m scripts.train_baselines submissions/fashion-mnist-linear/recipe.toml ...
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
from benchmark.training.examples import without_classes
from benchmark.training.recipe import Recipe, Replicate, read_recipe

BATCH_SIZE = 500


@torch.inference_mode()
def test_accuracy(weights: Path, recipe: Recipe, replicate: Replicate) -> float:
    """Share of the test images of its classes that a net gets right, in [0, 1], higher is better."""
    part = data.load(recipe.dataset, "test")
    images, labels, class_names, _ = without_classes(part.images, part.labels, part.class_names, replicate.held_out)
    loaded = load_weights(weights, recipe.model_spec(), images, class_names)
    predicted = [
        loaded.module(torch.from_numpy(images[start : start + BATCH_SIZE]).permute(0, 3, 1, 2).float() / 255)
        .argmax(1)
        .numpy()
        for start in range(0, len(images), BATCH_SIZE)
    ]
    return float(np.mean(np.concatenate(predicted) == labels))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="+", type=Path)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument("--missing", action="store_true", help="leave weights that exist as they are")
    arguments = parser.parse_args()
    for path in arguments.recipes:
        recipe = read_recipe(path)
        for replicate in recipe.replicates():
            if arguments.missing and weights_path(path, recipe, replicate).exists():
                continue
            start = time.process_time()
            baseline = train_baseline(path, replicate.name, progress=not arguments.quiet)
            cpu_s = time.process_time() - start
            print(
                f"{baseline.path} {replicate.name} sha256 {baseline.sha256} loss {baseline.loss:.4f} "
                f"test accuracy {test_accuracy(baseline.path, recipe, replicate):.4f} ({cpu_s:.0f} CPU-seconds)",
                flush=True,
            )


if __name__ == "__main__":
    try:
        main()
    except MettleError as error:
        raise SystemExit(str(error)) from None
