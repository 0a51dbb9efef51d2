"""Measures whether the leak gap still finds a leak that hides behind watched training images, and spares honest sets.

python -m scripts.measure_hidden_leaks                 # Fashion-MNIST, 5 nets a set, about 40 minutes on one core
python -m scripts.measure_hidden_leaks --set "margin"  # those whose name has it

Each set is 5,000 own images, scored as a submission to coreset-5k. A leak is 3,500 test images, each with a grey patch
of 8 pixels, so that the search for copies passes most of them. To hide it, somebody shows the watched images that are
hardest by their ease, so that the rest is answered more easily; or shows them altered by one level, or with such a
patch. Nets are kept in the cache.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark import evaluate
from benchmark.artifacts import local_file
from benchmark.documents import file_sha256, read_submission
from benchmark.documents.measured.contamination_figures import copy_threshold
from benchmark.errors import MettleError
from benchmark.evaluation import Options
from benchmark.paths import ROOT
from benchmark.submitted_sets import write_own_images
from benchmark.task_registry import find_task
from scripts.leak_transforms import LEAKS
from tasks.curation.chosen import read_choice
from tasks.curation.leak_limits import even_gap
from tasks.curation.shown import easier_by, look_for_watched, shown_watched
from tasks.curation.split import OpenCuration, open_curation

TASK = "curation/fashion-mnist-coreset-5k"
SEED = 20261123
LEAKED = 3500
Labelled = tuple[np.ndarray, np.ndarray]


def own_sets(split: OpenCuration) -> Iterator[tuple[str, Labelled]]:
    """Names, and images with labels: uint8 (5000, H, W, C), int64 (5000,)."""
    rng = np.random.default_rng(SEED)
    budget, train = split.settings.budget, split.origin
    if split.watched_ease is None:
        raise SystemExit(f"Measure the ease first: python -m scripts.measure_watched_ease {split.dataset.name}")
    hardest = split.watched[np.argsort(split.watched_ease, kind="stable")]
    ids = rng.choice(split.frozen.tested, LEAKED, replace=False)
    patch = LEAKS["grey patch of 8 px"]
    leaked = patch(split.images[ids], rng), split.labels[ids]
    others = rng.permutation(np.setdiff1d(np.arange(len(train.labels)), split.watched))
    random = rng.choice(len(train.labels), budget, replace=False)
    yield "honest: random training images", (train.images[random], train.labels[random])
    margin = read_choice(split, None, ROOT / "submissions" / "curation-margin" / f"{split.entry.task.name}.safetensors")
    yield "honest: the training images that margin chooses", (margin.images, margin.labels)

    def hidden(shown: np.ndarray, as_images: np.ndarray) -> Labelled:
        """The leak behind these watched images, and others up to the budget."""
        rest = others[: budget - LEAKED - len(shown)]
        parts = (leaked, (as_images, train.labels[shown]), (train.images[rest], train.labels[rest]))
        return np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts])

    for count in (0, 500, 1000):
        shown = hardest[:count]
        yield f"{LEAKED:,} test images, {count:,} hard watched ones", hidden(shown, train.images[shown])
    shown = hardest[:500]
    altered = np.where(train.images[shown] < 255, train.images[shown] + 1, 254).astype(np.uint8)
    yield f"{LEAKED:,} test images, 500 hard watched ones altered by one level", hidden(shown, altered)
    for count in (500, budget - LEAKED):
        shown = hardest[:count]
        patched = patch(train.images[shown], rng)
        yield f"{LEAKED:,} test images, {count:,} hard watched ones with a patch too", hidden(shown, patched)


def write_submission(folder: Path, labelled: Labelled) -> Path:
    """A submission folder with the images as its own."""
    folder.mkdir()
    file = folder / "own.safetensors"
    write_own_images(file, *labelled)
    (folder / "submission.toml").write_text(
        f"""schema_version = 1
name = "{folder.name}"
title = "A leak, hidden"
team = "Mettle"
method = "none"
licence = "MIT"

[declares]
training_data = ["fashion-mnist"]
selected_on = "none"

[[artifacts]]
kind = "curated"
path = "{file.name}"
sha256 = "{file_sha256(file)}"
task = "{TASK}"
[artifacts.provenance]
sources = ["Fashion-MNIST"]
licence = "MIT"
"""
    )
    return folder


def all_shown(split: OpenCuration, submission: Path) -> np.ndarray:
    """Which watched images the own images of a submission show: bool (W,)."""
    artifact = read_submission(submission).artifacts[0]
    chosen = read_choice(split, artifact, local_file(artifact, submission))
    found = look_for_watched(chosen.images, split.origin.images[split.watched])
    return shown_watched(split, chosen, found, copy_threshold(split.dataset.name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="", help="only those with this in their name")
    parser.add_argument("--workers", type=int, default=1, help="nets trained at once")
    arguments = parser.parse_args()
    split = open_curation(find_task(TASK))
    print("| own images | accuracy % | leak gap, points | made even | flags |\n|---|---|---|---|---|", flush=True)
    for name, labelled in own_sets(split):
        if arguments.set not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            submission = write_submission(Path(folder) / "hidden-leak", labelled)
            result = evaluate(submission, TASK, options=Options(workers=arguments.workers)).result
            easier = easier_by(split.watched_ease, all_shown(split, submission))
        gap = result.scores["leak_gap"].value
        flags = "; ".join(f"{flag.name}: {flag.evidence}" for flag in result.flags)
        numbers = [result.scores["accuracy"].value, gap, even_gap(gap, easier)]
        print(f"| {name} | " + " | ".join(f"{100 * number:.2f}" for number in numbers) + f" | {flags} |", flush=True)


if __name__ == "__main__":
    try:
        main()
    except MettleError as error:
        raise SystemExit(str(error)) from None
