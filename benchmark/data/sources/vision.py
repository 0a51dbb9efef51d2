"""torchvision's downloader, the last source: the original files from the authors' own hosts."""

from __future__ import annotations

import contextlib
import io
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.data.manifest import Manifest, TorchvisionSource
from benchmark.data.sources.network import check_reachable, check_sha256
from benchmark.data.sources.offer import Arrays, Offer, UnavailableError, idx_offer
from benchmark.paths import cache_dir

_STALL_SECONDS = 10.0


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

    dataset = getattr(datasets, source.dataset)
    for name, md5, urls in _downloads(dataset, manifest, part):
        if not (_folder(manifest) / name).is_file():
            _download(name, md5, urls, source.sha256[name], _folder(manifest), progress)
    if offer := _offer(manifest, source, part):
        yield offer


def _folder(manifest: Manifest) -> Path:
    return cache_dir() / "torchvision" / manifest.name


def _offer(manifest: Manifest, source: TorchvisionSource, part: str) -> Offer | None:
    if manifest.idx is not None:
        return idx_offer("torchvision", _folder(manifest), manifest, part)
    archive = _folder(manifest) / next(iter(source.sha256))
    if not archive.is_file():
        return None
    return Offer("torchvision", (archive,), lambda _: _read_archive(archive, source, part))


def _downloads(dataset: Any, manifest: Manifest, part: str) -> list[tuple[str, str, list[str]]]:
    """Name, md5 and addresses of the files of a part, as torchvision's class lists them."""
    if manifest.idx is None:
        return [(dataset.filename, dataset.tgz_md5, [dataset.url])]
    wanted = manifest.idx.files[part]
    return [
        (name, md5, [mirror + name for mirror in dataset.mirrors]) for name, md5 in dataset.resources if name in wanted
    ]


def _download(name: str, md5: str, urls: list[str], sha256: str, folder: Path, progress: bool) -> None:
    """Bring one file into the folder, whole or not at all."""
    from torchvision.datasets.utils import download_url

    reasons = []
    folder.mkdir(parents=True, exist_ok=True)
    for url in urls:
        try:
            check_reachable(url)
            with (
                tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as temporary,
                _stalls_end_downloads(),
                contextlib.nullcontext() if progress else contextlib.redirect_stderr(io.StringIO()),
            ):
                download_url(url, temporary, filename=name, md5=md5)
                check_sha256(Path(temporary) / name, sha256)
                (Path(temporary) / name).rename(folder / name)
                return
        except UnavailableError as reason:
            reasons.append(str(reason))
        except (OSError, RuntimeError) as error:
            reasons.append(f"{url}: {error}")
    raise UnavailableError("; ".join(reasons))


@contextlib.contextmanager
def _stalls_end_downloads() -> Iterator[None]:
    """torchvision sets no limit on a silent connection; the process-wide default is the only way to give one."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_STALL_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _read_archive(archive: Path, source: TorchvisionSource, part: str) -> Arrays:
    """The arrays in an archive of pickles. They are only opened because the archive's sha256 is pinned."""
    check_sha256(archive, source.sha256[archive.name])
    from torchvision import datasets
    from torchvision.datasets.utils import extract_archive

    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".extract-") as folder:
        extract_archive(str(archive), folder)
        dataset = getattr(datasets, source.dataset)(folder, train=part == "train", download=False)
        return np.ascontiguousarray(dataset.data, np.uint8), np.asarray(dataset.targets, np.int64)
