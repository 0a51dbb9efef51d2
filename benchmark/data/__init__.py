"""Data sets as verified arrays: uint8 images (N, H, W, C) and int64 labels, the same from every source."""

from benchmark.data.dataset import Dataset
from benchmark.data.fetching import Fetched, fetch
from benchmark.data.loading import PartStatus, load, status
from benchmark.data.manifest import Manifest, names, read_manifest

__all__ = [
    "Dataset",
    "Fetched",
    "Manifest",
    "PartStatus",
    "fetch",
    "load",
    "names",
    "read_manifest",
    "status",
]
