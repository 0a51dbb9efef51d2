"""torchvision, the last source: the original files that its data set classes list, from the authors' own hosts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.data.manifest import Manifest, TorchvisionSource
from benchmark.data.sources.download import check_sha256, download
from benchmark.data.sources.offer import Arrays, Offer, UnavailableError, idx_offer
from benchmark.paths import cache_dir


def cached(manifest: Manifest, part: str) -> Iterator[Offer]:
    """The files that an earlier download left in the cache."""
    if manifest.torchvision is not None and (offer := _offer(manifest, manifest.torchvision, part)):
        yield offer


def offers(manifest: Manifest, part: str, progress: bool) -> Iterator[Offer]:
    """The original files, downloaded. Raises UnavailableError, soon, where the hosts cannot be reached."""
    source = manifest.torchvision
    if source is None:
        raise UnavailableError("torchvision does not have it")
    from torchvision import datasets

    for name, urls in _listed(getattr(datasets, source.dataset), manifest, part):
        _bring(urls, _folder(manifest) / name, source.sha256[name], progress)
    if offer := _offer(manifest, source, part):
        yield offer


def _listed(dataset: Any, manifest: Manifest, part: str) -> list[tuple[str, list[str]]]:
    """Names and addresses of the files of a part, as torchvision's class lists them."""
    if manifest.idx is None:
        return [(dataset.filename, [dataset.url])]
    return [(name, [mirror + name for mirror in dataset.mirrors]) for name in manifest.idx.files[part]]


def _bring(urls: list[str], target: Path, sha256: str, progress: bool) -> None:
    reasons = []
    for url in urls:
        try:
            return download(url, target, sha256, progress=progress)
        except UnavailableError as reason:
            reasons.append(str(reason))
    raise UnavailableError("; ".join(reasons))


def _folder(manifest: Manifest) -> Path:
    return cache_dir() / "torchvision" / manifest.name


def _offer(manifest: Manifest, source: TorchvisionSource, part: str) -> Offer | None:
    if manifest.idx is not None:
        return idx_offer("torchvision", _folder(manifest), manifest, part)
    archive = _folder(manifest) / next(iter(source.sha256))
    if not archive.is_file():
        return None
    return Offer("torchvision", (archive,), lambda _: _read_archive(archive, source, part))


def _read_archive(archive: Path, source: TorchvisionSource, part: str) -> Arrays:
    """The arrays in an archive of pickles. torchvision may open them because the archive's sha256 is pinned."""
    check_sha256(archive, source.sha256[archive.name])
    from torchvision import datasets
    from torchvision.datasets.utils import extract_archive

    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".extract-") as folder:
        extract_archive(str(archive), folder)
        dataset = getattr(datasets, source.dataset)(folder, train=part == "train", download=False)
        return np.ascontiguousarray(dataset.data, np.uint8), np.asarray(dataset.targets, np.int64)
