"""Trains the anchors of distillation tasks and keeps them in tasks/distillation/reference.json.

python -m scripts.measure_distillation_anchors --task fashion-mnist-ipc10 --arm random --only 10

random: nets trained on random real images by the task's ranked plan, one on each of ten subsets.
whole: nets trained on the whole training set of the task's data set, which its tasks share. Runs that are there already
are not made again, and a killed run goes on where it was; several processes may work on different anchors at once.
Records that are older than an anchor get their lift and recovery by scripts.add_anchors.
"""

from __future__ import annotations

import argparse
import sys

import torch
from filelock import FileLock

from benchmark import data
from benchmark.data import Dataset
from benchmark.dataset_protocol import as_net
from benchmark.documents import canonical_sha256
from benchmark.documents.measured.distillation_anchors import (
    FILE,
    SUBSETS,
    UNITS,
    Anchor,
    AnchorRun,
    Arm,
    anchor_name,
    independent_units,
    read_distillation_reference,
    summary,
)
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.paths import cache_dir
from benchmark.selection.random_choice import balanced_random_choice
from benchmark.task_registry import TaskEntry, find_task
from benchmark.training.trainer import TRAINER_FORMAT, train
from benchmark.training.training_set import TrainingSet, labelled
from tasks.distillation.anchors import WHOLE_EPOCHS, arm_plan, plan_sha256, read_anchor
from tasks.distillation.settings import settings_of
from tasks.distillation.split import OpenDistillationSplit, open_distillation_split

FIRST_NET_SEED = 10_000
"""Far from the development seeds of submissions, so that no net of an anchor starts where theirs do."""
FIRST_SUBSET_SEED = 10_000
"""Far from the seeds of recipes, so that no subset of the anchor is a baseline's: their intervals take both for
independent."""
TRAINING: dict[Arm, str] = {
    "random": "Random real images, as many for each class as the task allows, drawn anew for each subset; nets trained "
    "by the task's ranked plan.",
    "whole": f"The whole training set: the task's ConvNet, {WHOLE_EPOCHS} epochs in batches of 256, SGD with momentum "
    ".9, weight decay 5e-4, a rate of .05 that climbs for a tenth of the steps and falls to 0 along a cosine; half "
    "of the images mirrored, all shifted by up to 2 pixels.",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", action="append", required=True, help="name without the family; may be repeated")
    parser.add_argument("--arm", choices=["random", "whole"], required=True)
    parser.add_argument("--only", type=int, help="so many runs; all unless given")
    arguments = parser.parse_args()
    try:
        for name in arguments.task:
            measure(find_task(f"distillation/{name}"), arguments.arm, arguments.only)
    except MettleError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def measure(entry: TaskEntry, arm: Arm, runs: int | None = None) -> None:
    """Train what is missing of the first runs of an arm, and say what its mean is after each."""
    split = open_distillation_split(entry)
    for run in range(runs or UNITS[arm]):
        seeds = seeds_of(arm, run)
        if any(_seeds(done) == seeds for done in _done(entry, arm)):
            continue
        _keep(entry, arm, _trained(entry, split, arm, seeds))
        anchor = read_anchor(entry, arm)
        assert anchor is not None
        error = anchor.standard_error if anchor.standard_error is not None else float("nan")
        units = len(independent_units(anchor.runs))
        print(f"{entry.task.name} {arm}: {anchor.mean:.4f}, standard error {error:.4f} over {units}", flush=True)


def seeds_of(arm: Arm, run: int) -> tuple[int | None, int]:
    """Of the subset, None for the whole set, and of the net."""
    return (FIRST_SUBSET_SEED + run % SUBSETS if arm == "random" else None), FIRST_NET_SEED + run


def _seeds(run: AnchorRun) -> tuple[int | None, int]:
    return run.subset_seed, run.net_seed


def random_subset(entry: TaskEntry, training: Dataset, seed: int) -> TrainingSet:
    """As many random real training images of each class as the task allows."""
    classes = len(entry.task.data.classes)
    budget = settings_of(entry).images_per_class * classes
    rows = balanced_random_choice(training.labels, budget, seed)
    return labelled(training.images[rows], training.labels[rows], classes)


def key_of(entry: TaskEntry, arm: Arm, seeds: tuple[int | None, int], pixels_sha256: str) -> str:
    """The hash of all that decides the net of a run, with the pixels of the training images: sha256, hex."""
    return canonical_sha256(
        {
            "plan": plan_sha256(arm_plan(entry, arm)),
            "trainer": TRAINER_FORMAT,
            "torch": torch.__version__,
            "pixels": pixels_sha256,
            "of": anchor_name(entry.task, arm),
            "seeds": list(seeds),
        }
    )


def _trained(entry: TaskEntry, split: OpenDistillationSplit, arm: Arm, seeds: tuple[int | None, int]) -> AnchorRun:
    subset_seed, net_seed = seeds
    plan = arm_plan(entry, arm)
    training = data.load(entry.task.data.dataset, "train")
    if subset_seed is not None:
        examples = random_subset(entry, training, subset_seed)
    else:
        examples = labelled(training.images, training.labels, len(entry.task.data.classes))
    progress_file = cache_dir() / "anchors" / f"{key_of(entry, arm, seeds, training.pixels_sha256)}.training"
    progress_file.parent.mkdir(parents=True, exist_ok=True)
    trained = train(plan, examples, seed=net_seed, progress_file=progress_file, show_progress=sys.stderr.isatty())
    net = as_net(entry, plan, trained.module)
    right = net.decide(split.images, f"{entry.task.id} test images").predicted == split.labels
    progress_file.unlink(missing_ok=True)
    return AnchorRun(subset_seed=subset_seed, net_seed=net_seed, accuracy=float(right.mean()))


def _done(entry: TaskEntry, arm: Arm) -> list[AnchorRun]:
    anchor = read_anchor(entry, arm)
    return list(anchor.runs) if anchor else []


def _keep(entry: TaskEntry, arm: Arm, run: AnchorRun) -> None:
    """Add a run to the file, which other processes may be adding to; nothing where one of them has added it."""
    path = entry.folder / FILE
    with FileLock(path.with_name(".lock")):
        done = _done(entry, arm)
        if any(_seeds(one) == _seeds(run) for one in done):
            return
        runs = sorted([*done, run], key=lambda one: one.net_seed)
        anchor = {
            "training": TRAINING[arm],
            "plan_sha256": plan_sha256(arm_plan(entry, arm)),
            "split_sha256": entry.task.data.split_sha256,
            "runs": runs,
            **summary(runs),
        }
        references = read_distillation_reference(entry.folder)
        arms = {**getattr(references, arm), anchor_name(entry.task, arm): Anchor.model_validate(anchor)}
        updated = references.model_copy(update={arm: dict(sorted(arms.items()))})
        write_atomically(path, (updated.model_dump_json(indent=1) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
