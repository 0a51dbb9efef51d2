"""From which state of the repository a site was built."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SiteRevision:
    """A commit with its date; the only dates of a build, so that equal inputs give equal bytes."""

    commit: str
    date: str
    dirty: bool
    """Uncommitted changes in what the site is made of."""


def site_revision(repository: Path) -> SiteRevision | None:
    """The repository's current commit; None where git cannot tell."""
    try:
        commit, date = _git(repository, "log", "-1", "--format=%H %cs").split()
        dirty = bool(_git(repository, "status", "--porcelain", "--", "submissions", "tasks", "leaderboard"))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return SiteRevision(commit, date, dirty)


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
