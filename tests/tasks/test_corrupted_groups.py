"""Annotated groups under corruption: numbers from first principles, work shared with the corruption task, refusals."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_tasks import small_task

from benchmark import data
from benchmark.documents import Record, file_sha256, read_record
from benchmark.documents.store import read_outcomes
from benchmark.errors import MettleError
from benchmark.evaluation import Options, score_submission
from benchmark.metrics import debiased_group_variance, group_cells, standardizing_weights
from benchmark.paths import ROOT
from benchmark.pin import write_split
from benchmark.task_registry import find_task

COUNT, LEVELS = 600, ("round", "square", "long")
CORRUPTIONS = ["gaussian_noise", "contrast"]
TASK, CORRUPTION = "subgroup/fashion-mnist-b-mc", "corruption/fashion-mnist-mc"


@pytest.fixture(scope="module")
def tasks_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real corruption task with two corruptions on 600 images, and invented groups of these images."""
    folder = small_task(tmp_path_factory.mktemp("small") / "tasks", COUNT, corruptions=CORRUPTIONS, severities=3)
    family = folder / "subgroup"
    (family / "splits").mkdir(parents=True)
    test = data.load("fashion-mnist", "test")
    lines = [f"{i},{label},{i % len(LEVELS)}" for i, label in enumerate(test.labels[:COUNT].tolist())]
    table = family / "splits" / "groups.csv"
    table.write_text("\n".join(["index,label,bg_group", *lines]) + "\n")
    text = (ROOT / "tasks" / "subgroup" / "cifar10-b-mc.v1.toml").read_text()
    corrupted = find_task(CORRUPTION, folder)
    whole = text[text.index("[data]") :]
    of_fashion = (ROOT / "tasks" / "corruption" / "fashion-mnist-mc.v1.toml").read_text()
    of_fashion = of_fashion[of_fashion.index("[data]") : of_fashion.index("[settings]")]
    settings = (
        f'[settings]\nannotations = "splits/groups.csv"\nattribute = "shape"\nlevels = {json.dumps(LEVELS)}\n'
        f'corrupted = "{CORRUPTION}.v1"\nspread_severity = 2\n'
    )
    toml = family / "fashion-mnist-b-mc.v1.toml"
    toml.write_text(text.replace("subgroup/cifar10-b-mc", TASK).replace(whole, of_fashion + settings))
    split = {
        "images": corrupted.split["images"],
        "annotations_sha256": file_sha256(table),
        "corrupted_sha256": corrupted.task.scoring_sha256,
    }
    write_split(find_task(TASK, folder), json.dumps(split))
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))


def score(tasks_dir: Path, task: str, out: Path) -> Path:
    settings = Options(out=out, tasks_dir=tasks_dir, workers=1)
    (path,) = score_submission(ROOT / "submissions" / "fashion-mnist-mlp", task, settings)
    return path


def correct_by_cell(tmp_path: Path, record: Record) -> dict[str, np.ndarray]:
    """The corruption task's own bits of each cell: bool (runs, images)."""
    digest = record.result.outcomes["correct"].sha256
    packed = np.load(tmp_path / "cache" / "outcomes" / digest[:2] / f"{digest}.npy")
    names = ["clean", *(f"{name}/{severity}" for name in CORRUPTIONS for severity in (1, 2, 3))]
    runs = packed.reshape(-1, len(names), packed.shape[-1])
    bits = np.unpackbits(runs, axis=2, count=COUNT).astype(bool)
    return {name: bits[:, place] for place, name in enumerate(names)}


def test_numbers_are_those_of_the_corruption_tasks_bits(tasks_dir: Path, tmp_path: Path) -> None:
    corruption = read_record(score(tasks_dir, CORRUPTION, tmp_path / "corruption"))
    path = score(tasks_dir, TASK, tmp_path / "groups")
    record = read_record(path)
    correct = correct_by_cell(tmp_path, corruption)
    shards = len(correct) * len(correct["clean"])
    assert f"{shards} of {shards} shards were finished by an earlier run" in record.run.notes
    scores, cells = record.result.scores, record.result.cells
    labels, codes = data.load("fashion-mnist", "test").labels[:COUNT], np.arange(COUNT) % len(LEVELS)
    weights = standardizing_weights(labels, codes, (10, len(LEVELS)))
    balanced = {cell: float((runs @ weights.mean(axis=0)).mean()) for cell, runs in correct.items()}
    corrupted = [cell for cell in correct if cell != "clean"]
    primary = scores["group_balanced_accuracy"].value
    assert primary == pytest.approx(np.mean([balanced[cell] for cell in corrupted]), abs=1e-9)
    assert scores["mean_accuracy"].value == corruption.result.scores["mean_accuracy"].value
    assert scores["clean_group_balanced_accuracy"].value == pytest.approx(balanced["clean"])
    assert cells["contrast/3"]["group_balanced_accuracy"] == pytest.approx(balanced["contrast/3"], abs=1e-9)
    by_run = np.mean([correct[cell] @ weights.T for cell in corrupted], axis=0)
    assert scores["worst_group_accuracy"].value == pytest.approx(by_run.min(axis=1).mean())
    found = [cells[f"group:shape/{level}"]["accuracy"] for level in LEVELS]
    assert found == pytest.approx(by_run.mean(axis=0).tolist())
    spread = []
    for run in range(len(by_run)):
        tables = [group_cells(correct[f"{name}/2"][run], labels, codes, (10, len(LEVELS))) for name in CORRUPTIONS]
        spread.append(math.sqrt(max(float(np.mean([debiased_group_variance(each) for each in tables])), 0.0)))
    assert scores["fair_std"].value == pytest.approx(np.mean(spread), abs=1e-9)
    values = read_outcomes(path, record)["primary"].astype(np.int64)
    scale = record.result.outcomes["primary"].scale
    assert values.sum() / (scale * COUNT) == pytest.approx(primary, abs=1e-9)


def test_another_corruption_task_is_refused(tasks_dir: Path) -> None:
    entry = find_task(TASK, tasks_dir)
    toml = tasks_dir / "corruption" / "fashion-mnist-mc.v1.toml"
    text = toml.read_text()
    toml.write_text(text.replace('"contrast"', '"fog"'))
    try:
        with pytest.raises(MettleError, match=r"the scoring hash of corruption/fashion-mnist-mc is"):
            entry.protocol().open_split(entry)
    finally:
        toml.write_text(text)


def test_groups_of_other_images_are_refused(tasks_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tasks"
    shutil.copytree(tasks_dir, folder)
    table = folder / "subgroup" / "splits" / "groups.csv"
    table.write_text(table.read_text().replace("\n0,9,0\n", "\n0,8,0\n"))
    entry = find_task(TASK, folder)
    write_split(entry, json.dumps(entry.split | {"annotations_sha256": file_sha256(table)}))
    changed = find_task(TASK, folder)
    with pytest.raises(MettleError, match="its groups are of the images of corruption/fashion-mnist-mc"):
        changed.protocol().open_split(changed)
