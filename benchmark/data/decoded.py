"""Decoded arrays kept in the cache, so that a second load maps a file instead of decoding images again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.data.sources.offer import Arrays, Offer
from benchmark.paths import cache_dir


@dataclass(frozen=True)
class DecodedEntry:
    """One part, decoded from one set of files. The manifest decides if it is right, so it holds no hash itself."""

    folder: Path

    @property
    def lock(self) -> Path:
        """The lock file of whoever decodes this entry."""
        return self.folder.parent / f".{self.folder.name}.lock"

    def source(self) -> str:
        """The source that the arrays were decoded from."""
        return str(json.loads((self.folder / "origin.json").read_text())["source"])

    def read(self) -> Arrays | None:
        """Images (mapped, private to this process) and labels, or None if absent or damaged."""
        try:
            images = np.load(self.folder / "images.npy", mmap_mode="c", allow_pickle=False)
            return np.asarray(images), np.load(self.folder / "labels.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None

    def write(self, arrays: Arrays, source: str) -> bool:
        """Keep the arrays, whole or not at all; False where the cache cannot be written. The caller holds `lock`."""
        parent, prefix = self.folder.parent, f".{self.folder.name}.writing-"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            for left_by_a_killed_process in parent.glob(f"{prefix}*"):
                shutil.rmtree(left_by_a_killed_process)
            with tempfile.TemporaryDirectory(dir=parent, prefix=prefix) as temporary:
                new = Path(temporary) / "entry"
                new.mkdir()
                for name, array in zip(("images.npy", "labels.npy"), arrays, strict=True):
                    with (new / name).open("wb") as stream:
                        np.save(stream, array, allow_pickle=False)
                        stream.flush()
                        os.fsync(stream.fileno())
                (new / "origin.json").write_text(json.dumps({"source": source}) + "\n")
                self.remove()
                new.rename(self.folder)
        except OSError:
            return False
        return True

    def remove(self) -> None:
        """Forget the entry."""
        shutil.rmtree(self.folder, ignore_errors=True)


def entry_for(name: str, part: str, offer: Offer) -> DecodedEntry:
    """The entry of an offer: named by the path, size and time of its files, which stand for their content."""
    identity = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in offer.files]
    key = hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]
    return DecodedEntry(cache_dir() / "decoded" / name / f"{part}-{key}")


def entries(name: str, part: str) -> list[DecodedEntry]:
    """All entries of a part, whatever they were decoded from, newest first."""
    folders = (cache_dir() / "decoded" / name).glob(f"{part}-*")
    found = [DecodedEntry(folder) for folder in folders if (folder / "origin.json").is_file()]
    return sorted(found, key=lambda entry: entry.folder.stat().st_mtime, reverse=True)
