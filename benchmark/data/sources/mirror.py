"""Mirror folders (METTLE_MIRROR): the hub's own layout under hub/, and any other file by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmark.data.manifest import Manifest
from benchmark.data.sources.offer import Offer, idx_offer, parquet_offer
from benchmark.paths import mirrors

_FOLDERS = ("", "*/", "*/*/")  # as deep as a file is looked for by name: a mirror of ImageNet is not walked


def offers(manifest: Manifest, part: str) -> Iterator[Offer]:
    """What the mirror folders hold of this part, in their order."""
    for mirror in mirrors():
        if manifest.hub is not None:
            files = [mirror / "hub" / manifest.hub.repo / name for name in manifest.hub.files[part]]
            if all(path.is_file() for path in files):
                yield parquet_offer("mirror folder", files, manifest, part)
        for folder in _folders_with_idx(mirror, manifest, part):
            if offer := idx_offer("mirror folder", folder, manifest, part, named_only=True):
                yield offer


def _folders_with_idx(mirror: Path, manifest: Manifest, part: str) -> list[Path]:
    if manifest.idx is None:
        return []
    name = manifest.idx.files[part][0]
    spellings = (name, name.removesuffix(".gz"))
    return sorted({path.parent for depth in _FOLDERS for name in spellings for path in mirror.glob(depth + name)})
