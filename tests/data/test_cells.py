import multiprocessing
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from benchmark.data.cells import CellCache, cell_cache
from benchmark.errors import MettleError


def cell(value: int, size: int = 10_000) -> np.ndarray:
    return np.full((size // 100, 10, 10, 1), value, np.uint8)


def only_file(root: Path) -> Path:
    (path,) = root.glob("*/*.npy")
    return path


def test_get_gives_what_put_kept(tmp_path):
    cache = CellCache(tmp_path, 10**6)
    array = np.random.default_rng(0).integers(0, 256, (7, 5, 4, 3), np.uint8)
    assert cache.get("abc123") is None
    assert cache.put("abc123", array)
    np.testing.assert_array_equal(cache.get("abc123"), array)
    np.testing.assert_array_equal(CellCache(tmp_path, 10**6).get("abc123"), array)


def test_an_array_with_strides_is_kept_by_its_values(tmp_path):
    array = np.arange(240, dtype=np.uint8).reshape(4, 6, 10)[:, ::2, ::-1]
    cache = CellCache(tmp_path, 10**6)
    cache.put("k1", array)
    np.testing.assert_array_equal(cache.get("k1"), array)


def test_writing_into_a_cell_does_not_change_the_cache(tmp_path):
    cache = CellCache(tmp_path, 10**6)
    cache.put("k1", cell(3))
    cache.get("k1")[:] = 9
    np.testing.assert_array_equal(cache.get("k1"), cell(3))


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "no digest"])
def test_a_damaged_file_is_a_miss_and_is_removed(tmp_path, damage):
    cache = CellCache(tmp_path, 10**6)
    cache.put("k1", cell(3))
    path = only_file(tmp_path)
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[5000] ^= 1
    path.write_bytes({"flip": content, "truncate": content[:4000], "empty": b"", "no digest": content[:-32]}[damage])
    assert cache.get("k1") is None
    assert not path.exists()


def test_the_least_recently_used_go_first_and_the_limit_holds(tmp_path):
    cache = CellCache(tmp_path, 45_000)  # four cells of 10,000 bytes and their headers
    for number in range(4):
        cache.put(f"k{number}", cell(number))
        os.utime(next(tmp_path.glob(f"*/k{number}.npy")), (number, number))
    assert cache.get("k0") is not None  # now the most recently used
    cache.put("k4", cell(4))
    kept = {path.stem for path in tmp_path.glob("*/*.npy")}
    assert "k0" in kept
    assert "k4" in kept
    assert "k1" not in kept
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 45_000


def test_a_cell_larger_than_the_limit_is_not_kept_and_said_once(tmp_path):
    told: list[str] = []
    cache = CellCache(tmp_path, 5_000, told.append)
    assert not cache.put("k1", cell(1))
    assert not cache.put("k2", cell(2))
    assert cache.get("k1") is None
    assert len(told) == 1
    assert "5000" in told[0]


def test_a_full_disk_costs_only_the_cache(tmp_path):
    script = f"""
        import resource
        import numpy as np
        from pathlib import Path
        from benchmark.data.cells import CellCache
        cache = CellCache(Path({str(tmp_path)!r}), 10**9)
        assert cache.put("small", np.ones(1000, np.uint8))
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        kept = [cache.put(f"big{{n}}", np.ones((100, 1000), np.uint8)) for n in range(3)]
        assert kept == [False] * 3, kept
        assert cache.get("big0") is None
        assert cache.get("small").sum() == 1000
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "scoring goes on without" in done.stderr
    assert [path.name for path in tmp_path.glob("*/*")] == ["small.npy"]


def test_no_space_left_is_not_an_error(tmp_path, monkeypatch):
    def no_space(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    told: list[str] = []
    cache = CellCache(tmp_path, 10**6, told.append)
    monkeypatch.setattr(np.lib.format, "write_array", no_space)
    assert not cache.put("k1", cell(1))
    monkeypatch.undo()
    assert "No space left" in told[0]
    assert not list(tmp_path.glob("*/*"))
    assert cache.put("k1", cell(1))


def _hammer(root: str, seed: int) -> None:
    cache = CellCache(Path(root), 60_000)
    rng = np.random.default_rng(seed)
    for _ in range(150):
        number = int(rng.integers(0, 12))
        found = cache.get(f"k{number}")
        if found is None:
            cache.put(f"k{number}", cell(number))
        else:
            np.testing.assert_array_equal(found, cell(number))


def test_two_processes_share_a_cache_while_it_evicts(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_hammer, args=(str(tmp_path), seed)) for seed in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert 0 < sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 60_000


def test_files_of_a_killed_writer_are_cleared_later(tmp_path):
    cache = CellCache(tmp_path, 10**6)
    cache.put("k1", cell(1))
    abandoned = tmp_path / "k1" / ".writing-gone"
    abandoned.write_bytes(b"x" * 100)
    os.utime(abandoned, (0, 0))
    cache.put("k2", cell(2))
    assert not abandoned.exists()


@pytest.mark.parametrize("key", ["", "../x", "a/b", "x" * 129, "a b"])
def test_a_key_cannot_name_a_path(tmp_path, key):
    with pytest.raises(ValueError, match="key"):
        CellCache(tmp_path, 10**6).put(key, cell(1))


def test_only_bytes_are_kept(tmp_path):
    with pytest.raises(ValueError, match="float64"):
        CellCache(tmp_path, 10**6).put("k1", np.zeros(3))


def test_the_limit_comes_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path))
    monkeypatch.delenv("METTLE_CACHE_LIMIT_GB", raising=False)
    assert cell_cache().limit_bytes == 6 * 10**9
    monkeypatch.setenv("METTLE_CACHE_LIMIT_GB", "0.5")
    assert cell_cache().limit_bytes == 5 * 10**8
    for wrong in ("many", "-1", "nan", "inf"):
        monkeypatch.setenv("METTLE_CACHE_LIMIT_GB", wrong)
        with pytest.raises(MettleError, match="METTLE_CACHE_LIMIT_GB"):
            cell_cache()


def test_an_unwritable_folder_is_said_once(tmp_path):
    told: list[str] = []
    (tmp_path / "file").write_text("")
    cache = CellCache(tmp_path / "file" / "cells", 10**6, told.append)
    assert cache.get("k1") is None
    assert not cache.put("k1", cell(1))
    assert not cache.put("k1", cell(1))
    assert len(told) == 1
