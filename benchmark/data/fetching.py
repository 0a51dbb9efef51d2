"""Getting a data set onto this machine: the ways it allows, in order, and which one worked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmark.data.loading import NotHereError, load_part, not_here
from benchmark.data.manifest import Manifest, read_manifest
from benchmark.data.sources import debian, hub, vision
from benchmark.data.sources.offer import Offer, UnavailableError
from benchmark.errors import MettleError
from benchmark.paths import cache_dir


@dataclass(frozen=True)
class Fetched:
    """A data set that is now here and verified: its name, the way that worked, and why earlier ways did not."""

    name: str
    way: str
    failed: tuple[str, ...] = ()


def fetch(name: str, progress: bool = True) -> Fetched:
    """Which way a data set came to this machine; every part is verified before this returns.

    Tries what is already here, the hub, Debian's package (installed as root, else unpacked into the cache), and
    torchvision's downloader. Raises MettleError with the ways and their commands if none works.
    """
    return fetch_manifest(read_manifest(name), progress)


def fetch_manifest(manifest: Manifest, progress: bool = True) -> Fetched:
    """`fetch` for a manifest in hand; of a derived data set, the origin is fetched."""
    from filelock import FileLock

    if manifest.derived is not None:
        origin = fetch(manifest.derived.origin, progress)
        return Fetched(manifest.name, f"made from {origin.name} ({origin.way})", origin.failed)
    if way := _here(manifest, progress):
        return Fetched(manifest.name, f"already here: {way}")
    folder = cache_dir()
    lock = FileLock(folder / f".fetch-{manifest.name}.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise MettleError(folder, "the cache must be writable", error, "Set METTLE_CACHE to another folder.") from error
    try:
        if way := _here(manifest, progress):
            return Fetched(manifest.name, f"already here: {way}")  # another process brought it meanwhile
        return _fetch(manifest, progress)
    finally:
        lock.release()


def _fetch(manifest: Manifest, progress: bool) -> Fetched:
    ways: list[tuple[str, Callable[[], str]]] = [
        ("Hugging Face Hub", lambda: _download(manifest, hub.offers, progress)),
        ("Debian package", lambda: debian.fetch(manifest)),
        ("torchvision", lambda: _download(manifest, vision.offers, progress)),
    ]
    failed: list[str] = []
    for label, get in ways:
        try:
            way = get()
        except UnavailableError as reason:
            failed.append(f"{label}: {reason}")
            continue
        for part in manifest.parts:
            load_part(manifest, part, progress, network=False)
        return Fetched(manifest.name, way, tuple(failed))
    raise not_here(manifest, failed, fetched=True)


def _download(manifest: Manifest, offers: Callable[[Manifest, str, bool], Iterator[Offer]], progress: bool) -> str:
    found = [offer for part in manifest.parts for offer in offers(manifest, part, progress)]
    return found[0].source


def _here(manifest: Manifest, progress: bool) -> str | None:
    """The source of the parts if all of them are on this machine already, else None. Raises DataDiffersError."""
    try:
        sources = [load_part(manifest, part, progress, network=False).source for part in manifest.parts]
    except NotHereError:
        return None
    return sources[0]
