"""What many tests share: an own cache, and the mirror where there is one."""

from __future__ import annotations

import sys
from pathlib import Path

import hypothesis
import pytest

from benchmark.paths import mirrors

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # scripts/ is not installed, and tests use its tools

# The same commit passes or fails the same way; `-- --hypothesis-profile default` searches other examples.
hypothesis.settings.register_profile("same-examples", derandomize=True)
hypothesis.settings.load_profile("same-examples")


@pytest.fixture
def mirror() -> Path:
    """The first folder of METTLE_MIRROR; the test is skipped where there is none."""
    for folder in mirrors():
        if folder.is_dir():
            return folder
    pytest.skip("needs real data: set METTLE_MIRROR to a mirror folder")
