"""Makes the canary lists: test images that nearly all honest models miss, so that only a leak gets them right.

python -m scripts.make_canary fashion-mnist
python -m scripts.make_canary cifar10          # needs predictions/cifar10.1/ in a folder of METTLE_MIRROR

Fashion-MNIST: missed by all of a nearest-neighbour classifier, a random forest, extra trees, a linear model (from
scikit-learn, trained on the train part) and the calibration nets. CIFAR-10: missed by at least 28 of the 30 published
models whose predictions come with CIFAR-10.1 (Recht et al., MIT licence).
Writes tasks/corruption/canaries/<data set>.json.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from rich.console import Console

from benchmark import data
from benchmark.documents.store import write_atomically
from benchmark.paths import ROOT, mirrors
from scripts.calibrate_severities import load_nets

OUT = ROOT / "tasks" / "corruption" / "canaries"
MISSED_BY_AT_LEAST = 28


def fashion_mnist(console: Console) -> tuple[np.ndarray, str]:
    """Positions missed by every model, and the rule in words."""
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    from sklearn.linear_model import SGDClassifier
    from sklearn.neighbors import KNeighborsClassifier

    train, test = data.load("fashion-mnist", "train"), data.load("fashion-mnist", "test")
    x, x_test = (part.images.reshape(len(part), -1).astype(np.float32) / 255 for part in (train, test))
    models = {
        "5 nearest neighbours": KNeighborsClassifier(5),
        "random forest": RandomForestClassifier(100, random_state=0, n_jobs=2),
        "extra trees": ExtraTreesClassifier(100, random_state=0, n_jobs=2),
        "linear model": SGDClassifier(loss="log_loss", alpha=1e-4, max_iter=10, tol=None, random_state=0),
    }
    missed = np.ones(len(test), dtype=bool)
    for name, model in models.items():
        with console.status(f"Fitting {name}"):
            wrong = model.fit(x, train.labels).predict(x_test) != test.labels
        console.print(f"{name}: accuracy {1 - wrong.mean():.4f}")
        missed &= wrong
    nets = load_nets("fashion-mnist", train)
    for net in nets.values():
        missed &= net.decide(test.images, "canary").predicted != test.labels
    return np.flatnonzero(missed), f"missed by all of: {', '.join([*models, *nets])}; none of them saw a test label"


def cifar10(_: Console) -> tuple[np.ndarray, str]:
    """Positions missed by at least 28 of 30 published models, and the rule in words."""
    labels = data.load("cifar10", "test").labels
    folders = [folder / "predictions" / "cifar10.1" / "original_predictions" for folder in mirrors()]
    files = sorted(file for folder in folders if folder.is_dir() for file in folder.glob("*.json"))
    if len(files) != 30:
        raise SystemExit(
            f"the 30 prediction files of CIFAR-10.1 are needed, but {len(files)} were found in METTLE_MIRROR"
        )
    missed = sum((np.array(json.loads(file.read_text())) != labels).astype(int) for file in files)
    rule = f"missed by at least {MISSED_BY_AT_LEAST} of the 30 models whose CIFAR-10 predictions come with CIFAR-10.1"
    return np.flatnonzero(missed >= MISSED_BY_AT_LEAST), rule


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=["fashion-mnist", "cifar10"])
    arguments = parser.parse_args()
    console = Console()
    ids, rule = {"fashion-mnist": fashion_mnist, "cifar10": cifar10}[arguments.dataset](console)
    canary = {"rule": f"Test images {rule}.", "ids": ids.tolist(), "flag_above": 0.5}
    write_atomically(OUT / f"{arguments.dataset}.json", (json.dumps(canary) + "\n").encode())
    console.print(f"{len(ids)} canaries of {arguments.dataset}: {canary['rule']}")


if __name__ == "__main__":
    main()
