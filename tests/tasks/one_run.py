"""A committed submission with the first of its training runs alone, and its score on a small task."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmark.documents import Record, read_record, read_submission
from benchmark.evaluation import Options, score_submission
from benchmark.paths import ROOT

TASK = "corruption/fashion-mnist-mc"
COUNT = 500
"""Test images of the small task."""
ARTIFACT = "[[artifacts]]"


def one_run(name: str, folder: Path) -> Path:
    """A copy of submission `name` below `folder` that lists its first artifact only; what is there is used again."""
    source, target = ROOT / "submissions" / name, folder / name
    if not target.exists():
        target.mkdir(parents=True)
        head, first, *_ = (source / "submission.toml").read_text().split(ARTIFACT)
        (target / "submission.toml").write_text(head + ARTIFACT + first)
        (artifact,) = read_submission(target).artifacts
        assert artifact.path is not None
        shutil.copy(source / artifact.path, target / artifact.path)
    return target


def scored_run(tasks_dir: Path, out: Path, name: str = "fashion-mnist-mlp", **options: object) -> Record:
    """The record of one run of a submission on the small corruption task in a folder."""
    settings = Options(out=out, tasks_dir=tasks_dir, **options)  # type: ignore[arg-type]
    (path,) = score_submission(one_run(name, tasks_dir.parent / "one-run"), TASK, settings)
    return read_record(path)
