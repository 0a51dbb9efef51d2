"""Picks five severities of every corruption so that three unlike nets lose the same share of their accuracy.

python -m scripts.calibrate_severities fashion-mnist

Along each corruption's path from no damage (strength 0) to heavy damage (strength 1) the mean accuracy of the nets in
scripts/calibration/<data set>/ is measured on training images that those nets were not trained on. Severity k is the
strength at which the nets keep TARGETS[k] of their clean accuracy. A corruption whose heaviest strength does not reach
the last target gets five equal steps of what it reaches. Where linear interpolation misses a target by more than .03 or
the damage does not grow, the path is measured more finely and the best five falling points are taken.
Writes tasks/corruption/severities/<data set>.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from rich.progress import track

from benchmark import data
from benchmark.corruptions import CORRUPTIONS, HELD_OUT_10, STANDARD_15, corrupt_severities
from benchmark.documents.canonical import file_sha256, rounded
from benchmark.documents.store import write_atomically
from benchmark.metrics import CONFIDENCE_EDGES
from benchmark.models.decisions import Decider
from benchmark.paths import ROOT
from benchmark.training.checkpoint import load_weights
from benchmark.training.recipe import read_recipe

TARGETS = (0.95, 0.88, 0.79, 0.68, 0.55)
SEED = 20261121
"""Of the calibration draws; the tasks draw with another."""
LARGEST_MISS = 0.03
FINER_STEPS = 31
SCORED = (*STANDARD_15, *HELD_OUT_10)
GRID = np.linspace(0, 1, 11)[1:]
OUT = ROOT / "tasks" / "corruption" / "severities"


def load_nets(dataset: str, train: data.Dataset) -> dict[str, Decider]:
    """The reference nets of a data set, by name."""
    nets = {}
    for path in sorted((ROOT / "scripts" / "calibration" / dataset).glob("*.safetensors")):
        recipe = read_recipe(path.with_name(path.stem + ".recipe.toml"))
        model = load_weights(path, recipe.model_spec(), train.images, train.class_names)
        nets[path.stem] = Decider(model.module, CONFIDENCE_EDGES)
    return nets


def accuracies(nets: dict[str, Decider], images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The accuracy of each net: float64 (nets,)."""
    return np.array([(net.decide(images, "calibration").predicted == labels).mean() for net in nets.values()])


def kept_shares(
    name: str,
    strengths: np.ndarray,
    nets: dict[str, Decider],
    images: np.ndarray,
    labels: np.ndarray,
    clean: np.ndarray,
) -> np.ndarray:
    """Mean over nets of accuracy over clean accuracy at each strength: float64 (strengths,)."""
    parameters = [CORRUPTIONS[name].parameters_at(float(strength)) for strength in strengths]
    indices = np.arange(len(images), dtype=np.int64)
    cells = corrupt_severities(images, name, parameters, seed=SEED, indices=indices)
    return np.array([(accuracies(nets, cell, labels) / clean).mean() for cell in cells])


def pick(kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Five strengths and their targets, from the shares kept along GRID.

    The measured curve is made falling (its running minimum) before it is inverted by linear interpolation.
    """
    falling = np.minimum.accumulate(np.concatenate([[1.0], kept]))
    falling -= np.arange(len(falling)) * 1e-9  # strictly falling, so that it can be inverted
    targets = np.array(TARGETS)
    if falling[-1] > targets[-1]:
        targets = 1 - (1 - falling[-1]) * np.arange(1, 6) / 5
    strengths = np.interp(-targets, -falling, np.concatenate([[0.0], GRID]))
    return strengths, targets


def choose(strengths: np.ndarray, kept: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Positions of five measured strengths, rising, whose kept shares fall strictly and lie nearest to the targets.

    For corruptions whose damage does not simply grow with strength, as that of a coarse quantizer. By dynamic
    programming over the measured points; `strengths` rise.
    """
    cost = np.abs(kept[None, :] - targets[:, None])
    best, previous = cost[0].copy(), []
    for level in range(1, len(targets)):
        reachable = (kept[None, :] < kept[:, None]) & (strengths[None, :] > strengths[:, None])
        total = np.where(reachable, best[:, None], np.inf)
        previous.append(total.argmin(axis=0))
        best = total.min(axis=0) + cost[level]
    path = [int(best.argmin())]
    for step in reversed(previous):
        path.append(int(step[path[-1]]))
    return np.array(path[::-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=["fashion-mnist", "cifar10"])
    parser.add_argument("--images", type=int, default=1000, help="training images, from the end of the train part")
    parser.add_argument("--only", nargs="*", help="only these; the others keep what the file says")
    arguments = parser.parse_args()
    train = data.load(arguments.dataset, "train")
    images, labels = train.images[-arguments.images :], train.labels[-arguments.images :]
    nets = load_nets(arguments.dataset, train)
    if len(nets) < 3:
        parser.error("at least three reference nets are needed: train them with scripts/train_baselines.py")
    clean = accuracies(nets, images, labels)
    print(
        f"{arguments.dataset}: clean " + ", ".join(f"{net} {value:.3f}" for net, value in zip(nets, clean, strict=True))
    )
    out = OUT / f"{arguments.dataset}.json"
    before = json.loads(out.read_text()) if arguments.only else {"severities": {}, "measured": {}}
    for name in track(arguments.only or SCORED, description="Calibrating"):
        strengths, targets = pick(kept_shares(name, GRID, nets, images, labels, clean))
        kept = kept_shares(name, strengths, nets, images, labels, clean)
        if np.any(np.diff(kept, prepend=1.0) >= 0) or np.abs(kept - targets).max() > LARGEST_MISS:
            finer = np.linspace(strengths[0] * 0.7, 1, FINER_STEPS)
            measured = kept_shares(name, finer, nets, images, labels, clean)
            chosen = choose(finer, measured, targets)
            strengths, kept = finer[chosen], measured[chosen]
        falls = "" if np.all(np.diff(kept, prepend=1.0) < 0) else "  NOT STRICTLY FALLING"
        print(f"{name:24} strength {np.round(strengths, 3)} kept {np.round(kept, 3)} for {np.round(targets, 2)}{falls}")
        before["severities"][name] = [CORRUPTIONS[name].parameters_at(float(strength)) for strength in strengths]
        before["measured"][name] = {"strength": list(strengths), "kept": list(np.round(kept, 4))}
    report = {
        "dataset": arguments.dataset,
        "images": f"the last {arguments.images} of the train part",
        "seed": SEED,
        "targets": list(TARGETS),
        "nets": {net: float(value) for net, value in zip(nets, clean, strict=True)},
        "weights": {net: file_sha256(weights_of(arguments.dataset, net)) for net in nets},
        **{key: {name: before[key][name] for name in SCORED} for key in ("severities", "measured")},
    }
    write_atomically(out, (json.dumps(rounded(report), indent=1) + "\n").encode())


def weights_of(dataset: str, net: str) -> Path:
    """The weights of a reference net."""
    return ROOT / "scripts" / "calibration" / dataset / f"{net}.safetensors"


if __name__ == "__main__":
    main()
