"""Memory that is kept: fewer pages are cleared when the same large array is made again."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource
import numpy as np
from benchmark.training.allocator import keep_freed_memory
kept = {kept} and keep_freed_memory()
def touched():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        arrays = [np.ones(2_500_000) for _ in range(6)]
        del arrays
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
touched()
print(kept, touched())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these settings")
def test_large_arrays_are_made_in_kept_memory() -> None:
    def outcome(kept: bool) -> tuple[str, int]:
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(kept=kept)], capture_output=True, text=True, check=True
        )
        set_, pages = ended.stdout.split()
        return set_, int(pages)

    taken, pages = outcome(True)
    assert taken == "True"
    assert pages * 10 < outcome(False)[1]
