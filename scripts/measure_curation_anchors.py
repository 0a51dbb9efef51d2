"""Trains the anchors of curation tasks: nets on random and on oracle choices, kept in tasks/curation/reference.json.

python -m scripts.measure_curation_anchors --task fashion-mnist-dirty-5k --arm random --only 20

Each run draws a choice of its own and trains one net on it by the task's plan. Runs that are there already are not
made again, and a killed run goes on where it was; several processes may work on different tasks or arms at once.
Without --task every active task is done, without --arm every arm it uses.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from filelock import FileLock

from benchmark.dataset_protocol import as_net
from benchmark.documents import canonical_sha256
from benchmark.documents.measured.curation_anchors import (
    ANCHOR_RUNS,
    FILE,
    AnchorRun,
    Arm,
    CurationReference,
    TaskAnchors,
    read_curation_reference,
)
from benchmark.documents.store import write_atomically
from benchmark.errors import MettleError
from benchmark.paths import cache_dir
from benchmark.selection.oracle import oracle
from benchmark.selection.random_choice import balanced_random_choice
from benchmark.submitted_sets.curated import CuratedSet
from benchmark.task_registry import TASKS_DIR, TaskEntry, all_tasks, find_task
from benchmark.training.trainer import TRAINER_FORMAT, train
from tasks.curation.chosen import choose
from tasks.curation.measures import PLAN
from tasks.curation.settings import settings_of
from tasks.curation.split import OpenCuration, open_curation

FIRST_NET_SEED = 10_000
"""Far from the development seeds of submissions, so that no net of an anchor starts where theirs do."""
ARMS: dict[str, tuple[Arm, ...]] = {"coreset": ("random",), "dirty": ("random", "oracle")}
"""By protocol."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", action="append", help="name without the family; may be repeated")
    parser.add_argument("--arm", choices=["random", "oracle"])
    parser.add_argument(
        "--only", type=int, default=ANCHOR_RUNS, help=f"so many runs of each arm, {ANCHOR_RUNS} unless given"
    )
    arguments = parser.parse_args()
    entries = [find_task(f"curation/{name}") for name in arguments.task or []] or [
        entry for entry in all_tasks(TASKS_DIR) if entry.task.family == "curation" and entry.task.state == "active"
    ]
    for entry in entries:
        for arm in ARMS[entry.task.protocol]:
            if arguments.arm in (None, arm):
                measure(entry, arm, arguments.only)


def measure(entry: TaskEntry, arm: Arm, runs: int) -> None:
    """Train what is missing of the first runs of an arm, and say what the arm's mean is."""
    split = open_curation(entry)
    for run in range(runs):
        if run not in _done(entry, arm):
            _keep(entry, split, arm, _trained(split, arm, run))
            accuracies = np.array([done.right for done in _done(entry, arm).values()]) / split.frozen.tested
            error = accuracies.std(ddof=1) / len(accuracies) ** 0.5 if len(accuracies) > 1 else float("nan")
            print(f"{entry.task.name} {arm}: {accuracies.mean():.4f} +- {error:.4f} over {len(accuracies)}", flush=True)


def choice_of(split: OpenCuration, arm: Arm, seed: int) -> CuratedSet:
    """The choice of one run of an arm: balanced by the labels a participant sees, among all slots or the sound ones."""
    pool, settings = split.pool, settings_of(split.entry)
    if arm == "random":
        slots = balanced_random_choice(pool.labels, settings.budget, seed)
    else:
        slots = oracle(pool.labels, ~pool.outliers & ~pool.mislabelled, pool.sources, settings.budget, seed)
    return CuratedSet("indices", indices=np.sort(slots))


def _trained(split: OpenCuration, arm: Arm, run: int) -> AnchorRun:
    entry, settings = split.entry, split.settings
    net_seed = FIRST_NET_SEED + run
    progress_file = cache_dir() / "anchors" / f"{key_of(split, arm, run)}.training"
    progress_file.parent.mkdir(parents=True, exist_ok=True)
    chosen = choose(split, choice_of(split, arm, run))
    examples = chosen.training_set(PLAN)
    trained = train(settings.plan, examples, seed=net_seed, progress_file=progress_file, show_progress=False)
    net = as_net(entry, settings.plan, trained.module)
    right = net.decide(split.images, f"{entry.task.id} test images").predicted == split.labels
    progress_file.unlink(missing_ok=True)
    return AnchorRun(choice_seed=run, net_seed=net_seed, right=int(right.sum()))


def key_of(split: OpenCuration, arm: Arm, run: int) -> str:
    """The hash of all that decides the net of a run: sha256, hex."""
    return canonical_sha256(
        {
            "task": split.entry.task.scoring_sha256,
            "plan": split.settings.plan.model_dump(mode="json"),
            "trainer": TRAINER_FORMAT,
            "torch": torch.__version__,
            "origin": split.origin.pixels_sha256,
            "arm": arm,
            "run": run,
        }
    )


def _done(entry: TaskEntry, arm: Arm) -> dict[int, AnchorRun]:
    """The finished runs of an arm, by the seed of their choice."""
    anchors = read_curation_reference(entry.folder).of(entry.task)
    if anchors is None:
        return {}
    if anchors.task_sha256 != entry.task.scoring_sha256:
        fix = f"Remove {_name(entry)} from {FILE} to measure them again."
        raise MettleError(
            entry.task.id, "its anchors belong to another definition of it", anchors.task_sha256[:12], fix
        )
    return {run.choice_seed: run for run in anchors.arms.get(arm, [])}


def _keep(entry: TaskEntry, split: OpenCuration, arm: Arm, run: AnchorRun) -> None:
    """Add a run to the file, which other processes may be adding to; nothing where one of them has added it."""
    path = entry.folder / FILE
    with FileLock(path.with_name(".lock")):
        if run.choice_seed in _done(entry, arm):
            return
        reference = read_curation_reference(entry.folder)
        known = reference.of(entry.task)
        arms = dict(known.arms) if known else {}
        arms[arm] = sorted([*arms.get(arm, []), run], key=lambda one: one.choice_seed)
        assert entry.task.data.split_sha256 is not None
        anchors = TaskAnchors(
            task_sha256=entry.task.scoring_sha256,
            split_sha256=entry.task.data.split_sha256,
            tested=split.frozen.tested,
            arms=arms,
        )
        updated = CurationReference(
            schema_version=1, anchors=dict(sorted({**reference.anchors, _name(entry): anchors}.items()))
        )
        write_atomically(path, (updated.model_dump_json(indent=1) + "\n").encode())


def _name(entry: TaskEntry) -> str:
    return f"{entry.task.id}.v{entry.task.version}"


if __name__ == "__main__":
    try:
        main()
    except MettleError as error:
        raise SystemExit(str(error)) from None
