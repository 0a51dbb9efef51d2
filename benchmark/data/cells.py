"""Corrupted cells kept on disk as uint8, by digest, under a size limit: a cache, so that losing it costs only time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from filelock import FileLock

from benchmark.data.checksums import raw_bytes
from benchmark.errors import MettleError
from benchmark.paths import cache_dir

DEFAULT_LIMIT_GB = 6.0
_KEY = re.compile(r"[0-9A-Za-z_-]{1,128}")
_DIGEST_BYTES = hashlib.sha256().digest_size
_ABANDONED_SECONDS = 3600.0
_TEMPORARY = ".writing-"


class CellCache:
    """Arrays of uint8 by key, at most `limit_bytes` on disk together; the least recently used go first.

    One file holds an array (.npy) and, after it, the sha256 of its values, so that one rename makes both visible
    and a torn or altered file is never returned. Processes may share a cache. Where nothing can be written (a
    full disk, no permission), `put` keeps nothing and the first time says so through `tell`.
    """

    def __init__(self, root: Path, limit_bytes: int, tell: Callable[[str], None] | None = None) -> None:
        self.root, self.limit_bytes = Path(root), limit_bytes
        self._tell = tell or _print_to_stderr
        self._told = False

    def get(self, key: str) -> np.ndarray | None:
        """The array kept under a key, mapped and private to this process, or None; a damaged one is removed.

        Raises ValueError for a key that is not 1 to 128 letters, digits, "-" or "_".
        """
        path = self._path(key)
        try:
            array = np.load(path, mmap_mode="c", allow_pickle=False)
            with path.open("rb") as stream:
                stream.seek(-_DIGEST_BYTES, os.SEEK_END)
                recorded = stream.read()
            intact = array.dtype == np.uint8 and hashlib.sha256(raw_bytes(array)).digest() == recorded
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError):
            intact = False
        if not intact:
            _remove(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the time of the last use; access times are off on many file systems
        return np.asarray(array)

    def holds(self, key: str) -> bool:
        """Whether something is kept under a key; only `get` says whether it is intact."""
        return self._path(key).is_file()

    def put(self, key: str, array: np.ndarray) -> bool:
        """Keep an array (uint8, any shape) under a key; False where it could not be kept.

        Raises ValueError for another dtype or a bad key.
        """
        path = self._path(key)
        if array.dtype != np.uint8:
            raise ValueError(f"only uint8 arrays are kept, not {array.dtype}")
        size = array.nbytes + 1024  # the .npy header and the digest take less than this
        if size > self.limit_bytes:
            self._tell_once(f"a cell of {array.nbytes} bytes is larger than the limit of {self.limit_bytes}")
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.root / ".lock"):
                self._make_room(size)
                self._write(path, array)
        except OSError as error:
            self._tell_once(str(error))
            return False
        return True

    def _write(self, path: Path, array: np.ndarray) -> None:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY)
        try:
            with os.fdopen(handle, "wb") as stream:
                np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
                stream.write(hashlib.sha256(raw_bytes(array)).digest())
            Path(temporary).replace(path)
        except BaseException:
            _remove(Path(temporary))
            raise

    def _make_room(self, needed_bytes: int) -> None:
        """Remove files that were not used for longest until `needed_bytes` more fit under the limit."""
        files = []
        for path in self.root.glob("*/*"):
            with contextlib.suppress(OSError):  # another process may remove files meanwhile
                state = path.stat()
                if path.name.startswith(_TEMPORARY) and time.time() - state.st_mtime > _ABANDONED_SECONDS:
                    _remove(path)
                    continue
                files.append((state.st_mtime_ns, state.st_size, path))
        held_bytes = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if held_bytes + needed_bytes <= self.limit_bytes:
                break
            if not path.name.startswith(_TEMPORARY):
                _remove(path)
                held_bytes -= size

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"a key is 1 to 128 letters, digits, - or _, not {key!r}")
        return self.root / key[:2] / f"{key}.npy"

    def _tell_once(self, reason: str) -> None:
        if not self._told:
            self._told = True
            self._tell(f"Cells are not cached under {self.root} ({reason}); scoring goes on without.")


def cell_cache() -> CellCache:
    """The cell cache of this machine: under the cache folder, limited by METTLE_CACHE_LIMIT_GB (6 unless set).

    Raises MettleError for a limit that is not a number of at least 0.
    """
    given = os.environ.get("METTLE_CACHE_LIMIT_GB") or str(DEFAULT_LIMIT_GB)
    try:
        limit_gb = float(given)
    except ValueError:
        limit_gb = float("nan")
    if not 0 <= limit_gb < float("inf"):
        raise MettleError("METTLE_CACHE_LIMIT_GB", "must be a number of gigabytes, 0 or more", repr(given))
    return CellCache(cache_dir() / "cells", int(limit_gb * 1e9))


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _print_to_stderr(message: str) -> None:
    print(message, file=sys.stderr)
