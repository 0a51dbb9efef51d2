"""Metrics: pure functions from answers, confidences and per-cell scores to numbers; numpy only."""

from benchmark.metrics.accuracy import accuracy, balanced_accuracy, canary_accuracy, class_accuracies
from benchmark.metrics.calibration import (
    CONFIDENCE_EDGES,
    confidence_histogram,
    expected_calibration_error,
    expected_calibration_error_bound,
    expected_calibration_error_floor,
    histogram_of_bins,
)
from benchmark.metrics.corruption import (
    WorstCorruption,
    corruption_accuracies,
    corruption_errors,
    error_rates,
    mean_accuracy,
    mean_corruption_error,
    relative_mean_corruption_error,
    worst_corruption,
)
from benchmark.metrics.dense_ranks import dense_ranks
from benchmark.metrics.detection import (
    DetectionScores,
    aupr_trapezoid,
    auroc,
    average_precision,
    detection_scores,
    detection_scores_by_set,
    fpr_at_95_id_positive,
    fpr_at_95_ood_positive,
    fpr_at_tpr,
)
from benchmark.metrics.selective import area_under_risk_coverage, oscr
from benchmark.metrics.shift import LogitLine, effective_robustness, fit_logit_line
from benchmark.metrics.stability import (
    agreement_with_first,
    first_fall,
    last_fall,
    noise_threshold,
    right_in_all,
    same_in_all,
)

__all__ = [
    "CONFIDENCE_EDGES",
    "DetectionScores",
    "LogitLine",
    "WorstCorruption",
    "accuracy",
    "agreement_with_first",
    "area_under_risk_coverage",
    "aupr_trapezoid",
    "auroc",
    "average_precision",
    "balanced_accuracy",
    "canary_accuracy",
    "class_accuracies",
    "confidence_histogram",
    "corruption_accuracies",
    "corruption_errors",
    "dense_ranks",
    "detection_scores",
    "detection_scores_by_set",
    "effective_robustness",
    "error_rates",
    "expected_calibration_error",
    "expected_calibration_error_bound",
    "expected_calibration_error_floor",
    "first_fall",
    "fit_logit_line",
    "fpr_at_95_id_positive",
    "fpr_at_95_ood_positive",
    "fpr_at_tpr",
    "histogram_of_bins",
    "last_fall",
    "mean_accuracy",
    "mean_corruption_error",
    "noise_threshold",
    "oscr",
    "relative_mean_corruption_error",
    "right_in_all",
    "same_in_all",
    "worst_corruption",
]
