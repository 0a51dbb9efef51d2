"""The sources in their order, each verified: a part of a data set as arrays, and where it came from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmark.data import decoded
from benchmark.data.dataset import Dataset
from benchmark.data.manifest import Manifest, names, read_manifest
from benchmark.data.sources import debian, derived, embedded, hub, mirror, vision
from benchmark.data.sources.offer import Arrays, Offer, UnavailableError
from benchmark.data.verify import DataDiffersError, verify
from benchmark.errors import MettleError


class NotHereError(MettleError):
    """No source has the data set."""


_UNLIKE = 0.5  # a file found by name of whose images more than this fraction differ is another data set's


def load(name: str, part: str, progress: bool = True) -> Dataset:
    """One part of a data set, verified against its manifest.

    name: a name of `names()`; part: train or test, as its manifest has them. Tries the mirror folders, the cache, the
    Debian package, Python packages, the hub and torchvision's downloader, in this order.
    Raises MettleError if no source has it (with the ways to get it), or if one has other bytes than the manifest's
    (DataDiffersError).
    """
    return load_part(read_manifest(name), part, progress)


def load_part(manifest: Manifest, part: str, progress: bool = True, network: bool = True) -> Dataset:
    """`load` for a manifest in hand; network=False leaves out the sources that download."""
    manifest.part(part)
    reasons: list[str] = []
    for label, offers in _sources(manifest, part, progress, network):
        try:
            for offer in offers():
                if dataset := _read(manifest, part, offer, progress):
                    return dataset
                reasons.append(f"{label}: {offer.where} is another data set's")
        except UnavailableError as reason:
            reasons.append(f"{label}: {reason}")
        if label == "mirror folders" and (dataset := _from_decoded(manifest, part)):
            return dataset
    raise not_here(manifest, reasons)


def _sources(
    manifest: Manifest, part: str, progress: bool, network: bool
) -> list[tuple[str, Callable[[], Iterator[Offer]]]]:
    def load_origin(name: str, part: str) -> Dataset:
        return load_part(read_manifest(name), part, progress, network)

    local: list[tuple[str, Callable[[], Iterator[Offer]]]] = [
        ("mirror folders", lambda: mirror.offers(manifest, part)),
        ("cache", lambda: debian.unpacked(manifest, part)),
        ("cache", lambda: hub.cached(manifest, part)),
        ("cache", lambda: vision.cached(manifest, part)),
        ("Debian package", lambda: debian.installed(manifest, part)),
        ("Python package", lambda: embedded.offers(manifest, part)),
    ]
    if manifest.derived is not None:
        return [("recipe", lambda: derived.offers(manifest, part, load_origin))]
    if not network or (manifest.hub is None and manifest.torchvision is None):
        return local
    return [
        *local,
        ("Hugging Face Hub", lambda: hub.offers(manifest, part, progress)),
        ("torchvision", lambda: vision.offers(manifest, part, progress)),
    ]


def _from_decoded(manifest: Manifest, part: str) -> Dataset | None:
    """A part decoded earlier from files that may be gone by now."""
    for entry in decoded.entries(manifest.name, part):
        if (arrays := entry.read()) is None:
            continue
        try:
            return _dataset(manifest, part, arrays, f"cache, from {entry.source()}", str(entry.folder))
        except DataDiffersError:
            entry.remove()
    return None


def _read(manifest: Manifest, part: str, offer: Offer, progress: bool) -> Dataset | None:
    """The part that an offer holds; None if it was found by name alone and is another data set."""
    if not offer.files:
        return _dataset(manifest, part, offer.read(progress), offer.source, offer.where)
    from filelock import FileLock

    entry = decoded.entry_for(manifest.name, part, offer)
    try:
        entry.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(entry.lock)
        lock.acquire()
    except OSError:
        lock = None
    try:
        if (arrays := entry.read()) is not None:
            try:
                return _dataset(manifest, part, arrays, offer.source, offer.where)
            except DataDiffersError:
                entry.remove()  # the copy in the cache is damaged; the files it came from decide
        arrays = offer.read(progress)
        try:
            dataset = _dataset(manifest, part, arrays, offer.source, offer.where)
        except DataDiffersError as difference:
            if offer.named_only and difference.fraction > _UNLIKE:
                return None
            raise
        if not entry.write(arrays, offer.source) and progress:
            print(f"{entry.folder}: cannot be written, so {manifest.name} {part} is not cached.", file=sys.stderr)
        return dataset
    finally:
        if lock is not None:
            lock.release()


def _dataset(manifest: Manifest, part: str, arrays: Arrays, source: str, where: str) -> Dataset:
    images, labels = arrays
    verified = verify(manifest, part, images, labels, where)
    return Dataset(
        name=manifest.name,
        part=part,
        images=images,
        labels=labels,
        class_names=manifest.class_names,
        exact=verified.exact,
        source=source,
        copy=verified.copy,
        pixels_sha256=verified.pixels_sha256,
        manifest=manifest,
    )


def not_here(manifest: Manifest, reasons: list[str], fetched: bool = False) -> NotHereError:
    """The refusal that lists the ways to get a data set, with commands; fetched: `fetch` itself has been tried."""
    ways = [] if fetched else [f"mettle data fetch {manifest.name}"]
    if install := embedded.command(manifest):
        ways = [install]
    ways += debian.commands(manifest)
    if command := hub.command(manifest):
        ways.append(command)
    if manifest.hub is not None or manifest.idx is not None:
        ways.append("METTLE_MIRROR=<a folder that holds it>")
    listed = " ".join(f"({number}) {way}" for number, way in enumerate(ways, 1))
    tried = f" ({'; '.join(reasons)})" if reasons else ""
    return NotHereError(manifest.name, f"no source has it on this machine{tried}", fix=f"Ways to get it: {listed}")


@dataclass(frozen=True)
class PartStatus:
    """Whether a part is on this machine, verified, and from which source; `problem` says why not."""

    name: str
    part: str
    ready: bool
    source: str | None
    copy: str | None
    problem: str | None


def status(name: str | None = None) -> list[PartStatus]:
    """What is on this machine, verified, without using the network: one entry a part, of one or all data sets."""
    found = []
    for each in [name] if name else names():
        manifest = read_manifest(each)
        for part in manifest.parts:
            try:
                dataset = load_part(manifest, part, progress=False, network=False)
                found.append(PartStatus(each, part, True, dataset.source, dataset.copy, None))
            except MettleError as error:
                found.append(PartStatus(each, part, False, None, None, str(error)))
    return found
