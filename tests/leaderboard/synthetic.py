"""Synthetic boards on disk: real submission.toml, records and outcomes, written through the engine's own store."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.documents import Attestation, Record, Run, Task, read_task
from benchmark.documents.store import describe_outcome, write_attestation, write_record
from benchmark.statistics import mean_interval

STANDARD = (
    "gaussian_noise",
    "shot_noise",
    "impulse_noise",
    "defocus_blur",
    "glass_blur",
    "motion_blur",
    "zoom_blur",
    "snow",
    "frost",
    "fog",
    "brightness",
    "contrast",
    "elastic",
    "pixelate",
    "jpeg",
)
HELD_OUT = (
    "blue_noise",
    "plasma",
    "checkerboard_cutout",
    "sparkles",
    "ripple",
    "pinch_twirl",
    "waves",
    "chromatic_shift",
    "lines",
    "quantization",
)
SEVERITIES = (1, 2, 3, 4, 5)
SCALE = 300  # half from 15 x 5 standard cells, half from 10 x 5 held-out cells
HOSTILE_TITLES = (
    "<script>alert(1)</script>",
    "\"quotes\" & 'apostrophes' </td></tr></table>",
    "\N{ROBOT FACE}\N{VARIATION SELECTOR-16} emoji \N{FAMILY}",
    "x" * 200,
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 right to left 123",
    "=HYPERLINK(1)",
    "{{ 7 * 7 }} {% raw %}",
    "]]> --> <!-- &amp; &#x3c;script&#x3e;",
    "javascript:alert(1)",
    "a very long title of many words " * 6,
)


def text(value: str) -> str:
    """A TOML basic string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


@dataclass
class Method:
    """What a synthetic submission says and how good it is."""

    name: str
    title: str
    skill: float
    seed: int
    team: str = "Team"
    method: str = ""
    baseline: bool = False
    kind: str = "checkpoint"
    flags: list[dict[str, str]] = field(default_factory=list)
    started: str = "2026-01-01T00:00:00Z"
    tier: str = "standard"
    declares: str = 'training_data = ["train"]\nselected_on = "val"\n'
    extra: str = ""
    without: tuple[str, ...] = ()
    """Scores the record lacks."""
    runs: tuple[float, ...] = ()
    """How far each training run lies from their mean, in shares; one run where empty."""
    run_kind: str = "both"
    """What intervals cover; "test images" makes parts of the runs that are no training runs."""


METRICS = [
    ("standard_mean_accuracy", "Standard corruptions", "share", True),
    ("held_out_mean_accuracy", "Held-out corruptions", "share", True),
    ("clean_accuracy", "Clean accuracy", "share", True),
    ("worst_corruption_accuracy", "Worst corruption", "share", True),
    ("mean_corruption_error", "mCE", "percent", False),
    ("expected_calibration_error", "ECE", "share", False),
]


def write_task(
    tasks_dir: Path, task_id: str = "corruption/synthetic-mc", version: int = 1, tier: str = "sandbox", **changes: str
) -> Task:
    """A task of the corruption family; `changes` replace top-level lines such as state or summary."""
    family, name = task_id.split("/")
    top = {
        "title": text("Synthetic, corrupted"),
        "summary": text("Mean accuracy under 25 corruptions at five strengths, on synthetic decisions."),
        "not_comparable": text("Not CIFAR-10-C: other corruptions at other strengths."),
        "tier": text(tier),
        "state": text("active"),
        "artifacts": '["checkpoint", "predictions"]',
        "sources": '["https://example.org/paper?a=1&b=2"]',
        **changes,
    }
    pinned = f'split = "splits/x.json"\nsplit_sha256 = "{"5" * 64}"\n' if "draft" not in top["state"] else ""
    lines = [
        "schema_version = 1",
        f"id = {text(task_id)}",
        f"version = {version}",
        *(f"{key} = {value}" for key, value in top.items()),
        'protocol = "corrupted_accuracy"\nprotocol_version = 1\npair_test = "paired_mean"',
        "[primary]",
        _metric("mean_accuracy", "Mean accuracy", "share", True),
        *(f"[[also]]\n{_metric(*metric)}" for metric in METRICS),
        '[data]\ndataset = "synthetic"\npart = "test"\nclasses = ["a", "b"]\nimage_size = 28\nchannels = 1',
        pinned,
    ]
    path = tasks_dir / family / f"{name}.v{version}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_task(path)


def _metric(name: str, title: str, unit: str, higher: bool) -> str:
    described = f"{title} over the test images."
    return (
        f"name = {text(name)}\ntitle = {text(title)}\ndescription = {text(described)}\n"
        f"unit = {text(unit)}\nhigher_is_better = {str(higher).lower()}"
    )


def write_submission(root: Path, method: Method) -> None:
    """`<root>/<name>/submission.toml`."""
    artifact = f'[[artifacts]]\nkind = "{method.kind}"\npath = "a.bin"\nsha256 = "{"a" * 64}"\n'
    if method.kind == "checkpoint":
        artifact += '[artifacts.model]\narchitecture = "linear"\n'
    content = (
        f"schema_version = 1\nname = {text(method.name)}\ntitle = {text(method.title)}\nteam = {text(method.team)}\n"
        f'method = {text(method.method or method.name)}\nlicence = "MIT"\nbaseline = {str(method.baseline).lower()}\n'
        f"{method.extra}[declares]\n{method.declares}{artifact}"
    )
    folder = root / method.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "submission.toml").write_text(content, encoding="utf-8")


def decisions_of(method: Method, images: int) -> np.ndarray:
    """uint16 (images,): shares of the primary metric times SCALE; images differ in difficulty, equally for everyone."""
    difficulty = np.random.default_rng(0).normal(0, 1.2, images)
    generator = np.random.default_rng([1, method.seed])
    chance = 1 / (1 + np.exp(difficulty - method.skill + generator.normal(0, 0.5, images)))
    standard, held_out = generator.binomial(75, chance), generator.binomial(50, chance)
    return (2 * standard + 3 * held_out).astype(np.uint16)


def make_record(task: Task, method: Method, decisions: np.ndarray) -> tuple[Record, dict[str, np.ndarray]]:
    """A record whose scores follow from the decisions."""
    shares = decisions / SCALE
    interval = mean_interval(shares)
    value = float(decisions.sum()) / (SCALE * decisions.size)

    def score(at: float, half: float = 0.006) -> dict[str, Any]:
        bounds = {"lower": max(at - half, 0.0), "upper": at + half, "covers": "test images", "confidence": 0.95}
        return {"value": at, **bounds, "n": int(decisions.size)}

    primary = {**score(value), "lower": interval.lower, "upper": interval.upper}
    clean = value + 0.75 * (1 - value) * (0.6 + 0.4 * np.sin(method.seed))
    scores = {
        "mean_accuracy": primary,
        "standard_mean_accuracy": score(min(value + 0.01, 1.0)),
        "held_out_mean_accuracy": score(max(value - 0.01, 0.0)),
        "clean_accuracy": score(clean, 0.004),
        "worst_corruption_accuracy": score(value * 0.6, 0.01),
        "mean_corruption_error": score(100 * (1 - value), 0.8),
        "expected_calibration_error": {"value": 0.02 + 0.1 * (1 - value)},
    }
    cells = {"clean": {"accuracy": clean, "expected_calibration_error": 0.021}}
    for index, name in enumerate(STANDARD + HELD_OUT):
        for severity in SEVERITIES:
            damage = 0.02 + severity * (0.02 + 0.09 * (1 + np.sin(method.seed + 2.1 * index)) / 2)
            accuracy = max(clean * (1 - damage), 0.1)
            cells[f"{name}/{severity}"] = {"accuracy": accuracy, "expected_calibration_error": (1 - accuracy) / 6}
    outcomes = {"primary": decisions}
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
        "scores": {name: entry for name, entry in scores.items() if name not in method.without},
        "cells": cells,
        "outcomes": {name: describe_outcome(array, scale=SCALE).model_dump() for name, array in outcomes.items()},
        "cost": {"parameters": 7850, "flops": 15_680, "forward_passes": 1, "weight_bytes": 31_400},
        "flags": method.flags,
    }
    if method.tier != "standard":
        result["tier"] = method.tier
    if method.runs:
        scores["mean_accuracy"]["covers"] = method.run_kind
        result["replicates"] = {
            f"seed {index}": {"mean_accuracy": value + offset} for index, offset in enumerate(method.runs)
        }
    return Record.of(result, run_facts(method)), outcomes


def run_facts(method: Method) -> Run:
    return Run.model_validate(
        {
            "started": method.started,
            "seconds": 12.5,
            "machine": "A laptop, 2 cores, 8 GiB, Linux",
            "device": "cpu",
            "threads": 2,
            "workers": 1,
            "batch_size": 500,
            "precision": "fp32",
            "versions": {"python": "3.11", "torch": "2.14"},
            "revision": {"commit": "c" * 40, "dirty": False},
            "data_source": "a mirror folder",
            "data_copy": "official",
            "pixels_sha256": "d" * 64,
        }
    )


def add(
    root: Path, task: Task, method: Method, *, images: int = 400, decisions: np.ndarray | None = None, said: str = ""
) -> Record:
    """Write a submission with one record, and an attestation of the kind `said`, if any."""
    write_submission(root, method)
    array = decisions_of(method, images) if decisions is None else decisions
    record, outcomes = make_record(task, method, array)
    write_record(root, record, outcomes)
    if said:
        attest(root, method.name, record.id, said)
    return record


def attest(root: Path, submission: str, record: str, kind: str, **more: Any) -> None:
    reason = {"void": "The weights were trained on the test split.", "withdrawn": "A bug in <our> code."}.get(kind, "")
    statement = {
        "schema_version": 1,
        "kind": kind,
        "record": record,
        "by": "maintainers",
        "date": "2026-02-01",
        "reason": reason,
        **more,
    }
    write_attestation(root, submission, Attestation.model_validate(statement))


def many(root: Path, task: Task, count: int, *, images: int = 400, hostile: bool = True) -> list[Record]:
    """`count` measured submissions of rising skill, with hostile titles among them."""
    records = []
    for index in range(count):
        title = HOSTILE_TITLES[index % len(HOSTILE_TITLES)] if hostile else f"Method {index}"
        method = Method(
            name=f"method-{index:04d}",
            title=title[:200],
            skill=-1 + 3 * index / max(count - 1, 1),
            seed=index,
            team=HOSTILE_TITLES[(index + 3) % len(HOSTILE_TITLES)][:200] if hostile else f"Team {index % 7}",
            without=("clean_accuracy",) if index % 10 == 9 else (),
        )
        records.append(add(root, task, method, images=images, said="measured"))
    return records
