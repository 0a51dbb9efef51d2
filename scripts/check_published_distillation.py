"""Trains nets as DC's authors do, on random real images and on their own files, beside what they published.

python -m scripts.check_published_distillation [--only NAME] [--runs 10]

Their protocol for DC: 300 epochs, no augmentation (VICO-UoE/DatasetCondensation, `main.py` and `utils.py`: epochs are
counted from 0 to 300, and the rate falls to a tenth after number 151). Every subset of random images gets one net,
every file as many nets as runs. What is trained already is not trained again, and a killed run goes on where it was.
What is measured is kept run by run in tasks/distillation/published_checks.json, which the card quotes.
The files lie in a mirror folder (METTLE_MIRROR); checks whose file is missing are left out, and said so.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from benchmark import data
from benchmark.dataset_protocol import as_net
from benchmark.documents import canonical_sha256
from benchmark.documents.store import write_atomically
from benchmark.documents.strict import Line, Sha256, Share, Strict, decode_file, parse
from benchmark.paths import ROOT, cache_dir, mirrors
from benchmark.selection.random_choice import balanced_random_choice
from benchmark.task_registry import find_task
from benchmark.training.plan import TrainingPlan
from benchmark.training.trainer import TRAINER_FORMAT, train
from benchmark.training.training_set import TrainingSet, labelled
from tasks.distillation.anchors import plan_sha256
from tasks.distillation.settings import judging_plan, settings_of
from tasks.distillation.split import open_distillation_split

EPOCHS, EPOCHS_BEFORE_DROP = 301, 152
DC_PAPER = "arXiv 2006.05929, quoted from memory"
NCFM_PAPER = "NCFM, table 1"
DC_FILES = "the file's own record of its evaluations"


KEPT = ROOT / "tasks" / "distillation" / "published_checks.json"


class CheckedRuns(Strict):
    """The nets of one check: test accuracies in the order of the runs, each in [0, 1]."""

    plan_sha256: Sha256
    accuracies: Annotated[list[Share], Field(min_length=1)]


class PublishedChecks(Strict):
    """The content of the kept file."""

    checks: dict[Line, CheckedRuns] = {}
    """By the name of the check."""


@dataclass(frozen=True)
class Check:
    """One published number. published, tolerance: percent."""

    name: str
    dataset: str
    images_per_class: int
    published: float
    tolerance: float
    source: str
    file: str | None = None
    """In a mirror folder; random real images without one."""


CHECKS = (
    Check("random fashion-mnist ipc1", "fashion-mnist", 1, 51.4, 3.8, DC_PAPER),
    Check("random fashion-mnist ipc10", "fashion-mnist", 10, 73.8, 1.5, DC_PAPER),
    Check("random cifar10 ipc1", "cifar10", 1, 14.4, 2.5, NCFM_PAPER),
    Check("random cifar10 ipc10", "cifar10", 10, 26.0, 2.5, NCFM_PAPER),
    Check("DC cifar10 ipc1", "cifar10", 1, 26.46, 1.5, DC_FILES, "distilled/res_DC_CIFAR10_ConvNet_1ipc.npz"),
    Check(
        "DC cifar10 ipc1, random nets", "cifar10", 1, 28.39, 1.5, DC_FILES,
        "distilled/res_DC_CIFAR10_RandomChoose_1ipc.npz",
    ),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[check.name for check in CHECKS], action="append", help="may be repeated")
    parser.add_argument("--runs", type=int, default=10, help="subsets of random images, or nets for a file")
    arguments = parser.parse_args()
    outside = False
    for check in CHECKS:
        if arguments.only and check.name not in arguments.only:
            continue
        if check.file is not None and _in_mirror(check.file) is None:
            print(f"{check.name}: left out, no mirror folder (METTLE_MIRROR) has {check.file}")
            continue
        shares = [_accuracy(check, run) for run in range(arguments.runs)]
        keep(check, shares)
        accuracies = 100 * np.array(shares)
        outside |= abs(accuracies.mean() - check.published) > check.tolerance
        print(line(check, accuracies), flush=True)
    return int(outside)


def read_kept(path: Path = KEPT) -> PublishedChecks:
    """What has been measured; empty where there is no file, MettleError for a bad one."""
    return parse(PublishedChecks, decode_file(path), path) if path.is_file() else PublishedChecks()


def keep(check: Check, shares: list[float], path: Path = KEPT) -> None:
    """Put the runs of a check into the file, unless it has as many or more of the same plan."""
    kept, plan = read_kept(path).checks, plan_sha256(plan_of(check))
    known = kept.get(check.name)
    if known is not None and known.plan_sha256 == plan and len(known.accuracies) >= len(shares):
        return
    checks = {**kept, check.name: CheckedRuns(plan_sha256=plan, accuracies=shares)}
    ordered = {one.name: checks[one.name] for one in CHECKS if one.name in checks}
    write_atomically(path, (PublishedChecks(checks=ordered).model_dump_json(indent=1) + "\n").encode())


def line(check: Check, accuracies: np.ndarray) -> str:
    """Ours beside theirs, in percent; accuracies: float64 (k,), percent."""
    mean, runs = float(accuracies.mean()), len(accuracies)
    sd = f" +- {accuracies.std(ddof=1):.2f}" if runs > 1 else ""
    verdict = "within" if abs(mean - check.published) <= check.tolerance else "OUTSIDE"
    return (
        f"{check.name}: ours {mean:.2f}{sd} ({runs} runs), published {check.published} ({check.source}), "
        f"difference {mean - check.published:+.2f}, {verdict} {check.tolerance}"
    )


def plan_of(check: Check) -> TrainingPlan:
    """DC's training: that of our tasks without augmentation, 300 epochs."""
    settings = settings_of(find_task(f"distillation/{check.dataset}-ipc{check.images_per_class}"))
    settings = settings.model_copy(update={"epochs": EPOCHS, "epochs_before_drop": EPOCHS_BEFORE_DROP})
    return judging_plan(settings, settings.architecture).model_copy(update={"augmentations": []})


def examples_of(check: Check, run: int) -> tuple[TrainingSet, int]:
    """What the net of a run is trained on, and its seed."""
    classes = len(find_task(f"distillation/{check.dataset}-ipc{check.images_per_class}").task.data.classes)
    if check.file is None:
        part = data.load(check.dataset, "train")
        rows = balanced_random_choice(part.labels, check.images_per_class * classes, run)
        return labelled(part.images[rows], part.labels[rows], classes), run + 1
    path = _in_mirror(check.file)
    assert path is not None
    with np.load(path, allow_pickle=False) as file:
        normalized, labels = file["images"].transpose(0, 2, 3, 1), file["labels"]
    plan = plan_of(check)
    pixels = (normalized * np.array(plan.std) + np.array(plan.mean)).astype(np.float32)
    return TrainingSet(np.ascontiguousarray(pixels), np.eye(classes, dtype=np.float32)[labels]), run + 1


def _accuracy(check: Check, run: int) -> float:
    """Share of the test images that the net of a run gets right; kept beside the cache."""
    plan = plan_of(check)
    examples, seed = examples_of(check, run)
    kept = cache_dir() / "published distillation" / f"{key_of(plan, examples, seed)}.json"
    if kept.is_file():
        return float(json.loads(kept.read_text())["accuracy"])
    kept.parent.mkdir(parents=True, exist_ok=True)
    entry = find_task(f"distillation/{check.dataset}-ipc{check.images_per_class}")
    split = open_distillation_split(entry)
    progress_file = kept.with_suffix(".training")
    trained = train(plan, examples, seed=seed, progress_file=progress_file, show_progress=sys.stderr.isatty())
    net = as_net(entry, plan, trained.module)
    accuracy = float((net.decide(split.images, check.name).predicted == split.labels).mean())
    write_atomically(kept, json.dumps({"check": check.name, "run": run, "accuracy": accuracy}).encode())
    progress_file.unlink(missing_ok=True)
    return accuracy


def key_of(plan: TrainingPlan, examples: TrainingSet, seed: int) -> str:
    """The hash of all that decides a net of a check: sha256, hex."""
    return canonical_sha256(
        {
            "plan": plan.model_dump(mode="json"),
            "trainer": TRAINER_FORMAT,
            "torch": torch.__version__,
            "images": canonical_sha256({"pixels": examples.images.tobytes().hex()}),
            "labels": examples.targets.argmax(1).tolist(),
            "seed": seed,
        }
    )


def _in_mirror(name: str) -> Path | None:
    return next(_found(name), None)


def _found(name: str) -> Iterator[Path]:
    for folder in mirrors():
        if (folder / name).is_file():
            yield folder / name


if __name__ == "__main__":
    sys.exit(main())
