"""What many tests share: an own cache, and the mirror where there is one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import hypothesis
import pytest

from benchmark.paths import cache_dir, mirrors

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # scripts/ is not installed, and tests use its tools

# The same commit passes or fails the same way; `-- --hypothesis-profile default` searches other examples.
hypothesis.settings.register_profile("same-examples", derandomize=True)
hypothesis.settings.load_profile("same-examples")

# Without root, packages of data sets are unpacked into the cache; tests with a cache of their own find them there too.
UNPACKED = sorted((cache_dir() / "debian").glob("*/usr/share"))
os.environ["METTLE_MIRROR"] = os.pathsep.join(str(folder) for folder in (*mirrors(), *UNPACKED))


@pytest.fixture
def mirror() -> Path:
    """The first folder that the user named in METTLE_MIRROR; the test is skipped where there is none."""
    for folder in mirrors():
        if folder.is_dir() and folder not in UNPACKED:
            return folder
    pytest.skip("needs real data: set METTLE_MIRROR to a mirror folder")
