"""Intervals, paired tests, rank intervals and the anchored aggregate: pure functions on numpy arrays."""

from benchmark.statistics.aggregate import AnchoredMean, Anchors, anchored, anchored_mean, sum_of_means_interval
from benchmark.statistics.delong import (
    Part,
    Placements,
    auroc_interval,
    auroc_pair_test,
    auroc_pseudo_values,
    distinct_images,
    mean_auroc_interval,
    placements,
)
from benchmark.statistics.differences import difference_interval
from benchmark.statistics.error_ratios import LargestRatio, error_ratio_interval, largest_error_ratio
from benchmark.statistics.group_spread import NoGroupEffect, fair_std_interval, macro_std_test
from benchmark.statistics.interval import Interval
from benchmark.statistics.means import mean_interval, replicate_interval, runs_and_images_interval
from benchmark.statistics.paired import (
    McNemar,
    PairTest,
    holm,
    mcnemar_exact,
    mcnemar_p_value,
    paired_difference,
)
from benchmark.statistics.proportion import wilson_interval
from benchmark.statistics.ranks import RankIntervals, conservative_rank_intervals, rank_intervals
from benchmark.statistics.run_anchors import mean_difference_interval, normalized_gain_interval
from benchmark.statistics.run_spread import RunSpread, run_spread
from benchmark.statistics.simultaneous import Worst, simultaneous_mean_intervals, worst_interval
from benchmark.statistics.training_runs import RunRanks, equal_spread_p_value, training_run_ranks, welch_p_value
from benchmark.statistics.weighted_means import weighted_mean_interval, worst_weighted_interval
from benchmark.statistics.worst_ranks import worst_group_rank_intervals

__all__ = [
    "AnchoredMean",
    "Anchors",
    "Interval",
    "LargestRatio",
    "McNemar",
    "NoGroupEffect",
    "PairTest",
    "Part",
    "Placements",
    "RankIntervals",
    "RunRanks",
    "RunSpread",
    "Worst",
    "anchored",
    "anchored_mean",
    "auroc_interval",
    "auroc_pair_test",
    "auroc_pseudo_values",
    "conservative_rank_intervals",
    "difference_interval",
    "distinct_images",
    "equal_spread_p_value",
    "error_ratio_interval",
    "fair_std_interval",
    "holm",
    "largest_error_ratio",
    "macro_std_test",
    "mcnemar_exact",
    "mcnemar_p_value",
    "mean_auroc_interval",
    "mean_difference_interval",
    "mean_interval",
    "normalized_gain_interval",
    "paired_difference",
    "placements",
    "rank_intervals",
    "replicate_interval",
    "run_spread",
    "runs_and_images_interval",
    "simultaneous_mean_intervals",
    "sum_of_means_interval",
    "training_run_ranks",
    "weighted_mean_interval",
    "welch_p_value",
    "wilson_interval",
    "worst_group_rank_intervals",
    "worst_interval",
    "worst_weighted_interval",
]
