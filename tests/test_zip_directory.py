"""Archives with endless directories are refused before they are parsed, by whoever opens one."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.errors import MettleError
from benchmark.models.checkpoint_file import read_checkpoint
from benchmark.submitted import read_arrays
from benchmark.zip_directory import check_directory
from tests.submitted_sets.hostile_files import endless_archive


def checkpoint(path: Path) -> object:
    return read_checkpoint(path, 10**9)


@pytest.mark.parametrize("read", [read_arrays, checkpoint])
def test_endless_directories_are_refused_unparsed(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = endless_archive(tmp_path / "many.pt", 40_000)
    tracemalloc.start()
    try:
        with pytest.raises(MettleError, match="its directory has 2,"):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_what_numpy_and_torch_write_is_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "set.npz", classes=np.arange(9))
    assert read_arrays(tmp_path / "set.npz")["classes"].tolist() == list(range(9))
    weights = {f"layer{number}.weight": torch.full((2,), float(number)) for number in range(1000)}
    torch.save(weights, tmp_path / "net.pt")
    read = checkpoint(tmp_path / "net.pt")
    assert isinstance(read, dict)
    assert torch.equal(read["layer999.weight"], weights["layer999.weight"])


def test_files_that_are_no_archives_are_left_to_their_readers(tmp_path: Path) -> None:
    for content in (b"", b"x", b"PK\5\6", bytes(100_000)):
        (tmp_path / "any").write_bytes(content)
        check_directory(tmp_path / "any")
