"""A committed submission with the first of its training runs alone."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmark.documents import read_submission
from benchmark.paths import ROOT

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
