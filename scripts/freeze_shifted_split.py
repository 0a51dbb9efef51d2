"""Writes the splits of ood/cifar10.1-v4 and -v6: labels of both sets, and the line fitted on 30 published models.

python -m scripts.freeze_shifted_split v6   # needs the mirror's predictions/cifar10.1/ and CIFAR-10
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from benchmark import data
from benchmark.errors import MettleError
from benchmark.metrics import fit_logit_line
from benchmark.paths import mirrors
from benchmark.pin import write_split
from benchmark.task_registry import TASKS_DIR, find_task

DECIMALS = 6
"""Of the frozen line: 1e-6 in logits is far below one image."""


def published(folder: Path, part: str) -> dict[str, np.ndarray]:
    """Predicted classes of every published model on `original`, `v4` or `v6`, by the model's name."""
    ending = "_predictions.json"
    files = sorted((folder / f"{part}_predictions").glob(f"*{ending}"))
    return {path.name.removesuffix(ending): np.array(json.loads(path.read_text())) for path in files}


def predictions_folder() -> Path:
    """The published predictions in a mirror folder."""
    for mirror in mirrors():
        if (folder := mirror / "predictions" / "cifar10.1").is_dir():
            return folder
    raise MettleError("predictions/cifar10.1", "the published predictions lie in a mirror folder", fix="METTLE_MIRROR")


def digits(labels: np.ndarray) -> str:
    return "".join(map(str, labels.tolist()))


def freeze(version: str, tasks_dir: Path = TASKS_DIR) -> list[Path]:
    """Write the split of one version of CIFAR-10.1 and pin it in its task."""
    folder = predictions_folder()
    test = data.load("cifar10", "test")
    labels = np.load(folder / f"cifar10.1_{version}_labels.npy").astype(np.int64)
    original, shifted = published(folder, "original"), published(folder, version)
    if set(original) != set(shifted):
        raise MettleError(folder, "every model has predictions on both sets", sorted(set(original) ^ set(shifted)))
    line = fit_logit_line(
        [(original[name] == test.labels).mean() for name in original],
        [(shifted[name] == labels).mean() for name in original],
    )
    entry = find_task(f"ood/cifar10.1-{version}.v1", tasks_dir)
    split = {
        "original": {"name": "cifar10-test", "dataset": "cifar10", "part": "test", "labels": digits(test.labels)},
        "shifted": {
            "name": f"cifar10.1-{version}",
            "labels": digits(labels),
            "file": f"cifar10.1_{version}_data.npy",
            "images_sha256": None,
        },
        "line": {
            "slope": round(line.slope, DECIMALS),
            "intercept": round(line.intercept, DECIMALS),
            "r_squared": round(line.r_squared or 0.0, DECIMALS),
            "models": sorted(original),
        },
    }
    return write_split(entry, json.dumps(split, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", choices=["v4", "v6"])
    for path in freeze(parser.parse_args().version):
        print(path)


if __name__ == "__main__":
    main()
