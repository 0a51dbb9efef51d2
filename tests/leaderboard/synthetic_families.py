"""Synthetic records of the families that are compared otherwise: worst groups, and detectors of the unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from synthetic import Method, attest, run_facts, text, write_submission

from benchmark.documents import Record, Task, read_task
from benchmark.documents.store import describe_outcome, write_record
from benchmark.statistics import Part, mean_auroc_interval

GROUPS = ("1", "2", "3", "4", "5")
CLASSES = ("T-shirt/top", "Bag")
SETS = ("digits", "stripes")
GROUP_SCALE = 10**9


def write_family_task(
    tasks_dir: Path, task_id: str, pair_test: str, primary: str, also: Sequence[str], **top: str
) -> Task:
    """A task with these metrics: bytes, or shares where higher is better."""
    family, name = task_id.split("/")
    given = {
        "title": text(f"Synthetic {name}"),
        "tier": text("sandbox"),
        "state": text("active"),
        "artifacts": '["checkpoint", "predictions"]',
        **top,
    }
    lines = [
        f'schema_version = 1\nid = {text(task_id)}\nversion = 1\nsummary = "Synthetic."',
        f'protocol = "x"\nprotocol_version = 1\npair_test = "{pair_test}"',
        *(f"{key} = {value}" for key, value in given.items()),
        f"[primary]\n{_metric(primary)}",
        *(f"[[also]]\n{_metric(metric)}" for metric in also),
        '[data]\ndataset = "synthetic"\npart = "test"\nclasses = ["a", "b"]\nimage_size = 28\nchannels = 1',
        f'split = "splits/{name}.json"\nsplit_sha256 = "{"5" * 64}"',
    ]
    path = tasks_dir / family / f"{name}.v1.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_task(path)


def _metric(name: str) -> str:
    title = name.replace("_", " ").capitalize().replace("ood auroc", "OOD AUROC")
    kind = 'unit = "share"\nhigher_is_better = true'
    if name.startswith("bytes"):
        kind = 'unit = "bytes"\nhigher_is_better = false'
    return f'name = "{name}"\ntitle = "{title}"\ndescription = "{title}."\n{kind}'


def group_task(tasks_dir: Path, **top: str) -> Task:
    also = ("accuracy", "fair_std", "macro_std", "macro_std_noise_floor")
    return write_family_task(tasks_dir, "subgroup/groups", "worst_group", "worst_group_accuracy", also, **top)


def detection_task(tasks_dir: Path, name: str = "far", **top: str) -> Task:
    also = ("id_accuracy", "far_fpr_at_95_ood_positive")
    return write_family_task(tasks_dir, f"ood/{name}", "delong", "far_ood_auroc", also, **top)


def sized_sets_task(tasks_dir: Path, name: str = "few", **top: str) -> Task:
    top = {"artifacts": '["distilled"]', **top}
    return write_family_task(tasks_dir, f"distillation/{name}", "training_runs", "accuracy", ("bytes_total",), **top)


@dataclass
class Scores:
    """The parts of a record that depend on the family."""

    scores: dict[str, Any]
    cells: dict[str, dict[str, float]] = field(default_factory=dict)
    outcomes: dict[str, tuple[np.ndarray, int]] = field(default_factory=dict)
    """Array and scale."""
    more: dict[str, Any] = field(default_factory=dict)
    """Other keys of the result."""


def add_scores(root: Path, task: Task, method: Method, made: Scores, said: str = "measured") -> Record:
    """Write a submission with one record of these scores, and what was said about it."""
    write_submission(root, method)
    artifact: dict[str, Any] = {"kind": method.kind, "sha256": "a" * 64}
    if method.kind == "checkpoint":
        artifact["model"] = {"architecture": "linear"}
    result = {
        "task": {
            "id": task.id,
            "version": task.version,
            "sha256": task.scoring_sha256,
            "split_sha256": task.data.split_sha256,
        },
        "submission": method.name,
        "artifacts": [artifact],
        "scores": made.scores,
        "cells": made.cells,
        "outcomes": {
            name: describe_outcome(array, scale=scale).model_dump() for name, (array, scale) in made.outcomes.items()
        },
        "flags": method.flags,
        **made.more,
    }
    record = Record.of(result, run_facts(method))
    write_record(root, record, {name: array for name, (array, _) in made.outcomes.items()})
    if said:
        attest(root, method.name, record.id, said)
    return record


def score(value: float, half: float = 0.01, covers: str = "test images", n: int = 500) -> dict[str, Any]:
    bounds = {"lower": max(value - half, 0.0), "upper": min(value + half, 1.0), "covers": covers, "confidence": 0.95}
    return {"value": value, **bounds, "n": n}


def groups_of(images: int) -> np.ndarray:
    """The group of each image, of unequal sizes: int (images,)."""
    return np.random.default_rng(3).choice(len(GROUPS), images, p=[0.3, 0.25, 0.2, 0.15, 0.1])


def worst_group(accuracies: Sequence[float], images: int, seed: int) -> Scores:
    """A record whose groups are right with these probabilities, on images of shared difficulty."""
    membership = groups_of(images)
    luck = 0.7 * np.random.default_rng(5).random(images) + 0.3 * np.random.default_rng([6, seed]).random(images)
    order = np.argsort(np.argsort(luck)) / images  # uniform, and the same images are hard for everyone
    hits = order < np.asarray(accuracies)[membership]
    sizes = np.bincount(membership, minlength=len(GROUPS))
    weight = [GROUP_SCALE * images // int(size) for size in sizes]
    primary = np.stack([np.where(membership == group, hits * weight[group], 0) for group in range(len(GROUPS))])
    value = int(primary.sum(axis=1).min()) / (GROUP_SCALE * images)
    means = [float(hits[membership == group].mean()) for group in range(len(GROUPS))]
    cells: dict[str, dict[str, float]] = {}
    for group, mean in zip(GROUPS, means, strict=True):
        n = float(sizes[int(group) - 1])
        cells[f"group:area/{group}"] = {
            "accuracy": mean,
            "n": n,
            "lower": max(mean - 0.05, 0),
            "upper": min(mean + 0.05, 1),
        }
        for index, name in enumerate(CLASSES):
            if (index, group) != (1, "5"):  # an empty cell
                cells[f"class:{name}/group:area/{group}"] = {"accuracy": mean * (1 - 0.1 * index), "n": n / 2}
    cells["group:area/6"] = {"n": 0.0}
    scores = {
        "worst_group_accuracy": score(value, 0.04),
        "accuracy": score(float(hits.mean())),
        "fair_std": score(0.02, 0.01),
        "macro_std": {"value": 0.035},
        "macro_std_noise_floor": {"value": 0.021},
    }
    return Scores(scores, cells, {"primary": (primary.astype(np.int64), GROUP_SCALE)})


def detection(
    strength: float | Sequence[float], seed: int, images: int = 300, *, detector: str = "energy", shared: bool = False
) -> Scores:
    """A record of one detector on two sets; several strengths are several training runs of one method.

    shared: name the image numbers once for all runs, as records of several runs do.
    """
    strengths = [strength] if isinstance(strength, int | float) else list(strength)
    units = {
        "in": np.arange(images),
        **{f"out/{name}": images * (2 + k) + np.arange(images) for k, name in enumerate(SETS)},
    }
    parts, outcomes, runs = [], {}, {}
    for index, each in enumerate(strengths):
        name = f"seed {index + 1}"
        ranks = pooled_ranks(each, seed + 100 * index, images)
        parts.append(Part(ranks["in"], units["in"], [(ranks[f"out/{s}"], units[f"out/{s}"]) for s in SETS]))
        for place, array in ranks.items():
            outcomes[f"rank/{name}/{place}"] = (array, 1)
            key = f"unit/{place}" if shared else f"unit/{name}/{place}"
            outcomes[key] = (units[place].astype(np.uint32), 1)
        runs[name] = {"far_ood_auroc": float(np.mean([auroc(ranks["in"], ranks[f"out/{s}"]) for s in SETS]))}
    value = float(np.mean([run["far_ood_auroc"] for run in runs.values()]))
    interval = mean_auroc_interval(parts)
    covers = "both" if len(runs) > 1 else "test images"
    scores = {
        "far_ood_auroc": {**score(value, covers=covers), "lower": interval.lower, "upper": interval.upper},
        "id_accuracy": score(0.9),
        "far_fpr_at_95_ood_positive": {"value": 1 - value},
    }
    measured = {
        "auroc": value,
        "fpr_at_95_ood_positive": 0.31,
        "fpr_at_95_id_positive": 0.42,
        "average_precision_ood": 0.8,
        "average_precision_id": 0.7,
        "aupr_trapezoid_ood": 0.81,
        "aupr_trapezoid_id": 0.71,
    }
    cells: dict[str, dict[str, float]] = {
        f"set:far/{name}": {"n": float(images), **measured, "lower": value - 0.02, "upper": min(value + 0.02, 1.0)}
        for name in SETS
    }
    cells["set:val/noise"] = {"n": 100.0, "auroc": 0.99}
    for other, offset in (("energy", 0.0), ("msp", -0.05), ("knn", -0.1)):
        cells[f"detector:{other}/far"] = {key: max(number + offset, 0.0) for key, number in measured.items()}
        cells[f"detector:{other}/set:digits"] = {"auroc": value + offset}
    more: dict[str, Any] = {"detector": {"name": detector, "parameters": {"k": 50.0} if detector == "knn" else {}}}
    if len(runs) > 1:
        more["replicates"] = runs
    return Scores(scores, cells, outcomes, more)


def pooled_ranks(strength: float, seed: int, images: int) -> Mapping[str, np.ndarray]:
    """Dense ranks of the scores of the inside images and of both sets; an image is equally odd for everyone."""
    shared, own = np.random.default_rng(7), np.random.default_rng([8, seed])
    scores = {}
    for place in ("in", *(f"out/{name}" for name in SETS)):
        mean = 0.0 if place == "in" else strength
        scores[place] = np.round(mean + shared.normal(0, 0.9, images) + own.normal(0, 0.45, images), 2)
    values = np.unique(np.concatenate(list(scores.values())))
    return {place: np.searchsorted(values, array).astype(np.uint16) for place, array in scores.items()}


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """Of all pairs, one by one."""
    a, b = inside[:, None].astype(int), outside[None, :].astype(int)
    return float(((b > a) + 0.5 * (b == a)).mean())


def sized_set(accuracies: Sequence[float], size_bytes: float | None) -> Scores:
    """A record of a submitted set: the accuracy of each net trained on it, and its size, None if not counted."""
    right = np.round(np.asarray(accuracies) * 10_000).astype(np.uint16)
    scores: dict[str, Any] = {"accuracy": score(int(right.sum()) / (10_000 * right.size), covers="both")}
    if size_bytes is not None:
        scores["bytes_total"] = {"value": size_bytes}
    cells = {f"net:seed {index}": {"accuracy": accuracy} for index, accuracy in enumerate(accuracies)}
    return Scores(scores, cells, {"primary": (right, 10_000)})
