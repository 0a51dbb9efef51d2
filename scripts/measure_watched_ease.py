"""Measures how easy the watched training images of curation are: the nets that get each right without having seen it.

python -m scripts.measure_watched_ease fashion-mnist
python -m scripts.measure_watched_ease cifar10        # needs CIFAR-10

Trains nets by the plan of the data set's coreset-5k task on balanced random choices, none of which has a watched image,
and counts for every watched image how many of them are right. A set of own images that shows hard watched images is
judged by it: what it leaves is easier than all. Nets are kept one by one in the cache, and a killed run goes on.
Writes tasks/curation/watched_ease/<data set>.json.
"""

from __future__ import annotations

import argparse
import io

import numpy as np
import torch
from rich.progress import track

from benchmark.dataset_protocol import as_net
from benchmark.documents import canonical_sha256
from benchmark.documents.measured.watched_ease import WatchedEase, watched_ease_path
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.paths import cache_dir
from benchmark.selection.random_choice import balanced_random_choice
from benchmark.submitted_sets.curated import CuratedSet
from benchmark.task_registry import find_task
from benchmark.training.trainer import TRAINER_FORMAT, train
from tasks.curation.chosen import choose
from tasks.curation.measures import PLAN
from tasks.curation.split import OpenCuration, open_curation

DATASETS = ("fashion-mnist", "cifar10")
EASE_NETS = 10
FIRST_CHOICE_SEED = FIRST_NET_SEED = 20_000
"""Far from those of submissions and of anchors."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=DATASETS)
    dataset = parser.parse_args().dataset
    split = open_curation(find_task(f"curation/{dataset}-coreset-5k"))
    right = np.stack([right_of(split, run) for run in track(range(EASE_NETS), description="Training")])
    ease = WatchedEase(
        dataset=dataset,
        plan_sha256=canonical_sha256(split.settings.plan.model_dump(mode="json")),
        watched_sha256=split.frozen.pool.watched_sha256,
        nets=EASE_NETS,
        right=right.sum(axis=0, dtype=int).tolist(),
    )
    path = watched_ease_path(split.entry.folder, dataset)
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, (ease.model_dump_json() + "\n").encode())
    never, always = ((right.sum(axis=0) == count).mean() for count in (0, EASE_NETS))
    print(
        f"{dataset}: right on {right.mean():.1%} of the watched images; all nets on {always:.1%}, none on {never:.1%}"
    )


def choice_of(split: OpenCuration, run: int) -> CuratedSet:
    """A balanced random choice as large as the budget, without a watched image."""
    allowed = np.ones(len(split.pool.labels), dtype=bool)
    allowed[split.watched] = False
    seed = FIRST_CHOICE_SEED + run
    return CuratedSet(
        "indices", indices=np.sort(balanced_random_choice(split.pool.labels, split.settings.budget, seed, allowed))
    )


def right_of(split: OpenCuration, run: int) -> np.ndarray:
    """Which watched images the net of a run gets right: bool (W,); kept in the cache."""
    kept = cache_dir() / "watched ease" / f"{key_of(split, run)}.npy"
    if kept.is_file():
        return np.load(kept, allow_pickle=False)
    kept.parent.mkdir(parents=True, exist_ok=True)
    plan, progress_file = split.settings.plan, kept.with_suffix(".training")
    examples = choose(split, choice_of(split, run)).training_set(PLAN)
    trained = train(plan, examples, seed=FIRST_NET_SEED + run, progress_file=progress_file, show_progress=False)
    net = as_net(split.entry, plan, trained.module)
    predicted = net.decide(split.origin.images[split.watched], f"{split.entry.task.id} watched images").predicted
    right = np.asarray(predicted == split.origin.labels[split.watched])
    stream = io.BytesIO()
    np.save(stream, right, allow_pickle=False)
    write_atomically(kept, stream.getvalue())
    progress_file.unlink(missing_ok=True)
    return right


def key_of(split: OpenCuration, run: int) -> str:
    """The hash of all that decides what the net of a run gets right: sha256, hex."""
    return canonical_sha256(
        {
            "plan": split.settings.plan.model_dump(mode="json"),
            "trainer": TRAINER_FORMAT,
            "torch": torch.__version__,
            "origin": split.origin.pixels_sha256,
            "watched": split.frozen.pool.watched_sha256,
            "budget": split.settings.budget,
            "seeds": [FIRST_CHOICE_SEED + run, FIRST_NET_SEED + run],
        }
    )


if __name__ == "__main__":
    try:
        main()
    except MettleError as error:
        raise SystemExit(str(error)) from None
