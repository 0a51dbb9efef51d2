"""Makes a submission of each of the 30 published models whose predictions on CIFAR-10 and CIFAR-10.1 are public.

python -m scripts.import_published_predictions   # needs the mirror's predictions/cifar10.1/
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np

from benchmark.documents import file_sha256, read_submission
from benchmark.documents.store import pack_outcomes, write_atomically
from benchmark.paths import ROOT
from benchmark.submitted import order_sha256
from scripts.freeze_shifted_split import predictions_folder, published

SETS = {"original": "cifar10-test", "v4": "cifar10.1-v4", "v6": "cifar10.1-v6"}
LICENCE = "LICENSE.cifar10.1-predictions"
TOML = """\
schema_version = 1
name = "{name}"
title = "{model}"
team = "Recht, Roelofs, Schmidt and Shankar"
method = "{model}"
description = "Predicted labels as published with CIFAR-10.1 (MIT licence, text in submissions/{licence}). We did not run the model; what its checkpoint was chosen on is not known to us."
paper = "https://arxiv.org/abs/1806.00451"
code = "https://github.com/modestyachts/CIFAR-10.1"
licence = "MIT"

[declares]
training_data = ["cifar10/train"]
selected_on = "unknown"

[[artifacts]]
kind = "predictions"
path = "predictions.npz"
sha256 = "{sha256}"
"""  # noqa: E501


def submission_name(model: str) -> str:
    """The folder of a published model: wrn_28_10 gives published-wrn-28-10."""
    return "published-" + model.lower().replace("_", "-")


def write_all(submissions: Path) -> list[str]:
    """Write one folder a model below `submissions`; returns their names."""
    folder = predictions_folder()
    parts = {part: published(folder, part) for part in SETS}
    shutil.copyfile(folder / "LICENSE", submissions / LICENCE)
    names = []
    for model in parts["original"]:
        arrays: dict[str, np.ndarray] = {}
        for part, set_name in SETS.items():
            classes = parts[part][model]
            arrays[f"predicted.{set_name}"] = classes.astype(np.uint8)
            arrays[f"order.{set_name}"] = np.array(order_sha256(np.arange(len(classes))))
        name = submission_name(model)
        file = submissions / name / "predictions.npz"
        write_atomically(file, pack_outcomes(arrays))
        text = TOML.format(name=name, model=model, licence=LICENCE, sha256=file_sha256(file))
        write_atomically(file.with_name("submission.toml"), text.encode())
        read_submission(file.parent)
        names.append(name)
    return names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=Path, default=ROOT / "submissions")
    print("\n".join(write_all(parser.parse_args().submissions)))


if __name__ == "__main__":
    main()
