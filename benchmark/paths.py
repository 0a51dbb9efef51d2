"""Where things are on this machine: the clone, the cache, the mirrors, the workspace."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def cache_dir() -> Path:
    """The cache folder: `METTLE_CACHE`, else `$XDG_CACHE_HOME/mettle`, else `~/.cache/mettle`."""
    if explicit := os.environ.get("METTLE_CACHE"):
        return Path(explicit).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "mettle"


def mirrors() -> list[Path]:
    """The folders of `METTLE_MIRROR`, in order; searched before the cache and the network."""
    listed = os.environ.get("METTLE_MIRROR", "")
    return [Path(entry).expanduser() for entry in listed.split(os.pathsep) if entry]


def workspace_dir() -> Path:
    """Where local runs write, ignored by git: `METTLE_WORKSPACE`, else `workspace/` in the clone."""
    return Path(os.environ.get("METTLE_WORKSPACE") or ROOT / "workspace").expanduser()
