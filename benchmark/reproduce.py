"""A baseline again from its recipe: train, score, and hold the scores against its committed records."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmark.documents import Artifact, Record, Submission, Task, read_record, read_submission
from benchmark.documents.store import find_records, read_outcomes, write_atomically
from benchmark.errors import MettleError
from benchmark.evaluation import Options, Progress, score_submission, silent
from benchmark.paths import ROOT
from benchmark.set_making.making import make_set
from benchmark.set_making.recipe import is_set_recipe, read_set_recipe
from benchmark.show import score_text
from benchmark.statistics import paired_difference
from benchmark.task_registry import find_task
from benchmark.training.baseline import train_baseline

SUBMISSIONS = ROOT / "submissions"


def baselines(submissions: Path = SUBMISSIONS) -> list[tuple[str, str]]:
    """(name, title) of every submission with a recipe."""
    folders = sorted(path.parent for path in submissions.glob("*/recipe.toml"))
    return [(folder.name, read_submission(folder).title) for folder in folders]


def reproduce_baseline(
    name: str, out: Path, progress: Progress = silent, submissions: Path = SUBMISSIONS, options: Options | None = None
) -> Iterator[str]:
    """Train a baseline's nets, or make its sets; score them on every task of its committed records, and compare.

    Everything is written below `out`: the files in `<out>/reproduced/<name>/`, their records with the other local
    ones. Equal files are promised on one machine and torch version only, and everywhere for sets that no training
    decides; elsewhere the scores are what is compared. Raises MettleError for a name that is no baseline.
    """
    folder = submissions / name
    recipe_path = folder / "recipe.toml"
    if not recipe_path.is_file():
        known = ", ".join(known for known, _ in baselines(submissions)) or "none"
        raise MettleError(name, "a baseline is a submission with a recipe.toml", "no such one", f"Baselines: {known}.")
    committed = read_submission(folder)
    copy = out / "reproduced" / name
    copy.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(recipe_path, copy / "recipe.toml")
    text = (folder / "submission.toml").read_text(encoding="utf-8")
    make = _made_set if is_set_recipe(recipe_path) else _trained_net
    for artifact in committed.artifacts:
        what, sha256 = make(copy, artifact)
        yield f"{name}: {what} {'equal' if sha256 == artifact.sha256 else 'not equal'} to the committed ones"
        text = text.replace(artifact.sha256, sha256)
    write_atomically(copy / "submission.toml", text.encode())
    options = options or Options(out=out)
    for path, record in _committed_records(submissions, committed):
        scored = record.result.task
        task = find_task(f"{scored.id}.v{scored.version}", options.tasks_dir).task
        (again,) = score_submission(copy, f"{task.id}.v{task.version}", options, progress)
        yield _compare(path, record, again, task)


def _trained_net(folder: Path, artifact: Artifact) -> tuple[str, str]:
    """Trains a net of the folder's recipe: what to say of it, and the sha256 of its weights."""
    assert artifact.path is not None, "a baseline keeps its weights in its folder"
    trained = train_baseline(folder / "recipe.toml", artifact.replicate, folder / artifact.path)
    return f"trained with {trained.replicate.name}; the weights are", trained.sha256


def _made_set(folder: Path, artifact: Artifact) -> tuple[str, str]:
    """Makes a set of the folder's recipe: what to say of it, and the sha256 of its file."""
    assert artifact.path is not None, "a baseline keeps its sets in its folder"
    recipe = read_set_recipe(folder / "recipe.toml")
    return f"made {artifact.path}; its bytes are", make_set(
        recipe, recipe.set_for(artifact.path), folder / artifact.path
    )


def _committed_records(submissions: Path, submission: Submission) -> list[tuple[Path, Record]]:
    """The newest record of each task version, in the order of their paths."""
    newest: dict[tuple[str, int], tuple[Path, Record]] = {}
    for path, record in find_records(submissions):
        if record.result.submission != submission.name:
            continue
        key = (record.result.task.id, record.result.task.version)
        if key not in newest or newest[key][1].run.started <= record.run.started:
            newest[key] = (path, record)
    if not newest:
        raise MettleError(submission.name, "it has no committed record to compare with", fix="Score it: mettle score.")
    return list(newest.values())


def _compare(committed_path: Path, committed: Record, again_path: Path, task: Task) -> str:
    """The primary scores of two records of one task side by side.

    With the paired interval of their difference where both are means over the same images, else each with its own.
    """
    again = read_record(again_path)
    now, was = (record.result.scores[task.primary.name] for record in (again, committed))
    text = f"  {task.id}: {score_text(now, task.primary)} here, {score_text(was, task.primary)} committed"
    if task.pair_test in ("paired_mean", "mcnemar"):
        here, there = _per_image(again_path, again), _per_image(committed_path, committed)
        test = paired_difference(here, there)
        text += (
            f", difference {test.difference * 100:+.2f} points "
            f"[{test.lower * 100:+.2f}, {test.upper * 100:+.2f}] over test images"
        )
    return text + ("; equal results" if again.id == committed.id else "")


def _per_image(path: Path, record: Record) -> np.ndarray:
    return read_outcomes(path, record)["primary"] / record.result.outcomes["primary"].scale
