"""A small data set of real files (parquet with PNG images, gzipped idx) with a manifest of its own."""

from __future__ import annotations

import gzip
import io
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from benchmark.data.checksums import image_checksums, values_sha256
from benchmark.data.manifest import Manifest, read_manifest

PART_COUNTS = {"train": 30, "test": 20}
REPOSITORY = "mettle-tests/tiny"
REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Tiny:
    """Arrays by part, the manifest that accepts them, and ways to write them as files."""

    arrays: dict[str, tuple[np.ndarray, np.ndarray]]
    manifest: Manifest

    def write_hub_files(self, root: Path) -> Path:
        """The files of the repository under `root`, in the hub's layout of a mirror."""
        assert self.manifest.hub is not None
        folder = root / "hub" / self.manifest.hub.repo
        for part, names in self.manifest.hub.files.items():
            write_parquet(folder / names[0], *self.arrays[part])
        return folder

    def write_idx_files(self, folder: Path) -> Path:
        """The gzipped idx files in `folder`."""
        assert self.manifest.idx is not None
        folder.mkdir(parents=True, exist_ok=True)
        for part, (images_name, labels_name) in self.manifest.idx.files.items():
            images, labels = self.arrays[part]
            write_idx(folder / images_name, images[..., 0])
            write_idx(folder / labels_name, labels.astype(np.uint8))
        return folder


def write_parquet(path: Path, images: np.ndarray, labels: np.ndarray, column: str = "image") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = []
    for image in images:
        stream = io.BytesIO()
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(stream, "PNG")
        encoded.append({"bytes": stream.getvalue(), "path": None})
    pq.write_table(pa.table({column: encoded, "label": pa.array(labels)}), path, row_group_size=16)


def write_idx(path: Path, array: np.ndarray) -> None:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    with gzip.open(path, "wb") as stream:
        stream.write(header + array.tobytes())


def make_tiny(folder: Path, shape: tuple[int, int, int] = (8, 8, 1), seed: int = 0, **extra: object) -> Tiny:
    """A data set of random images whose manifest, in `folder`, names hub and idx files."""
    rng = np.random.default_rng(seed)
    arrays = {
        part: (rng.integers(0, 256, (count, *shape), np.uint8), rng.integers(0, 3, count).astype(np.int64))
        for part, count in PART_COUNTS.items()
    }
    files = {part: [f"data/{part}-00000-of-00001.parquet"] for part in arrays}
    manifest = {
        "schema_version": 1,
        "name": "tiny",
        "title": "Tiny",
        "description": "Random pictures.",
        "homepage": "https://example.org",
        "licence": "CC0",
        "image_shape": shape,
        "class_names": ["a", "b", "c"],
        "parts": {
            part: {
                "count": len(images),
                "labels_sha256": values_sha256(labels),
                "images_sha256": values_sha256(images),
            }
            for part, (images, labels) in arrays.items()
        },
        "checksums_sha256": values_sha256(np.concatenate([image_checksums(images) for images, _ in arrays.values()])),
        "hub": {"repo": REPOSITORY, "revision": REVISION, "files": files},
        **extra,
    }
    if shape[2] == 1:
        manifest.setdefault("idx", {"files": {part: [f"{part}-images.gz", f"{part}-labels.gz"] for part in arrays}})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.json").write_text(json.dumps(manifest))
    np.save(folder / "tiny.npy", np.concatenate([image_checksums(images) for images, _ in arrays.values()]))
    return Tiny(arrays, read_manifest("tiny", folder))
