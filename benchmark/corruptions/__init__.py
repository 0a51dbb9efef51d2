"""The 29 corruptions: ours, batched, counter-seeded, the same bytes for any batching.

`corrupt` makes one cell, `corrupt_severities` several severities of one corruption that share their draws.
"""

from __future__ import annotations

from benchmark.corruptions.corruption import Corruption
from benchmark.corruptions.generate import corrupt, corrupt_severities
from benchmark.corruptions.registry import CORRUPTIONS, EXTRA_4, HELD_OUT_10, STANDARD_15, named

__all__ = [
    "CORRUPTIONS",
    "EXTRA_4",
    "HELD_OUT_10",
    "STANDARD_15",
    "Corruption",
    "corrupt",
    "corrupt_severities",
    "named",
]
