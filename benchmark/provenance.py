"""What a record's `run` says about the machine, the versions and the state of the code."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from benchmark.documents import Revision
from benchmark.paths import ROOT

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "safetensors", "mettle")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that can move a score."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> str:
    """Processor, cores, memory and system in one line; no host name, no user name."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        processor = names[0] if names else processor
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        gigabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
        memory = f", {gigabytes:.0f} GiB"
    return f"{processor}, {os.cpu_count()} cores{memory}, {platform.system()}"


def revision() -> Revision:
    """The clone's commit and whether benchmark/ or tasks/ have uncommitted changes; None where git cannot tell."""
    try:
        commit = _git("rev-parse", "HEAD")
        dirty = bool(_git("status", "--porcelain", "--", "benchmark", "tasks"))
    except (OSError, subprocess.SubprocessError):
        return Revision(commit=None, dirty=None)
    return Revision(commit=commit, dirty=dirty)


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
