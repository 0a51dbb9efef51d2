"""How two rows are told apart, in words: one test a task, fixed in its definition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PairTest:
    title: str
    anchor: str
    """Section of the methods page that explains it."""


PAIR_TESTS = {
    "paired_mean": PairTest("differences image by image", "ranks"),
    "mcnemar": PairTest("the images only one of two gets right (McNemar)", "ranks"),
    "worst_group": PairTest("every group of one against some group of the other", "worst-group"),
    "training_runs": PairTest("the spread of training runs (Student's and Welch's t)", "training-runs"),
    "delong": PairTest("placements of images of both kinds (DeLong)", "auroc"),
}
"""By `task.pair_test`."""
