"""Debian's packages of data sets: installed, or unpacked into the cache without root."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmark.data.manifest import Manifest
from benchmark.data.sources.offer import Offer, UnavailableError, idx_offer
from benchmark.paths import cache_dir

_APT_OPTIONS = ("-o", "Acquire::http::Timeout=10", "-o", "Acquire::Retries=1", "-o", "DPkg::Lock::Timeout=60")
_APT_SECONDS = 600


def installed(manifest: Manifest, part: str) -> Iterator[Offer]:
    """The files of the installed package."""
    if manifest.idx is not None and manifest.idx.debian_folder is not None:
        folder = Path("/") / manifest.idx.debian_folder
        if offer := idx_offer("Debian package", folder, manifest, part):
            yield offer


def unpacked(manifest: Manifest, part: str) -> Iterator[Offer]:
    """The files of a package unpacked into the cache."""
    if manifest.idx is not None and manifest.idx.debian_folder is not None:
        folder = unpacked_root(manifest) / manifest.idx.debian_folder
        if offer := idx_offer("Debian package, unpacked in the cache", folder, manifest, part):
            yield offer


def unpacked_root(manifest: Manifest) -> Path:
    """Where `fetch` unpacks this data set's package."""
    return cache_dir() / "debian" / manifest.name


def commands(manifest: Manifest) -> list[str]:
    """What a person can type to get the package, with and without root."""
    if manifest.idx is None or manifest.idx.debian_package is None:
        return []
    package, target = manifest.idx.debian_package, unpacked_root(manifest)
    return [
        f"sudo apt-get install -y {package}",
        f"apt-get download {package} && mkdir -p {target} && dpkg-deb -x {package}_*.deb {target}",
    ]


def fetch(manifest: Manifest) -> str:
    """Which way worked: the package installed as root, or downloaded and unpacked into the cache without.

    Raises UnavailableError where there is no such package, no apt, or no network.
    """
    if manifest.idx is None or manifest.idx.debian_package is None:
        raise UnavailableError("Debian has no package of it")
    if shutil.which("apt-get") is None:
        raise UnavailableError("apt-get is not on this machine")
    package = manifest.idx.debian_package
    if os.geteuid() == 0:
        try:
            _apt_with_fresh_lists("install", "-y", "--no-install-recommends", package)
            return f"Debian package, apt-get install {package}"
        except UnavailableError:
            # A container can refuse an installation and still allow a download, so that way is tried as well.
            if shutil.which("dpkg-deb") is None:
                raise
    if shutil.which("dpkg-deb") is None:
        raise UnavailableError("dpkg-deb is not on this machine")
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="apt-") as folder:
        _apt_with_fresh_lists("download", package, folder=Path(folder))
        unpack(next(Path(folder).glob(f"{package}_*.deb")), unpacked_root(manifest))
    return f"Debian package, apt-get download {package}, unpacked in the cache"


def unpack(package: Path, target: Path) -> None:
    """Put the files of a .deb under `target`, whole or not at all. Raises UnavailableError for a broken package."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpack-") as folder:
        files = Path(folder) / "files"
        _run(["dpkg-deb", "-x", str(package), str(files)])
        if target.exists():
            shutil.rmtree(target)
        files.rename(target)


def _apt_with_fresh_lists(*arguments: str, folder: Path | None = None) -> None:
    """Run apt-get; where it fails for want of package lists, update them (as root) and try once more."""
    command = ["apt-get", *_APT_OPTIONS, *arguments]
    try:
        _run(command, folder)
    except UnavailableError:
        if os.geteuid() != 0:
            raise
        _run(["apt-get", *_APT_OPTIONS, "update"])
        _run(command, folder)


def _run(command: list[str], folder: Path | None = None) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_APT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"{' '.join(command[:1])}: {error}") from error
    if done.returncode:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        reason = next((line for line in lines if line.startswith("E:")), lines[-1] if lines else "no message")
        raise UnavailableError(f"{command[0]} {command[-1]}: {reason}")
