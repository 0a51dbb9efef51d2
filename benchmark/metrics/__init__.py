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

__all__ = [
    "CONFIDENCE_EDGES",
    "WorstCorruption",
    "accuracy",
    "balanced_accuracy",
    "canary_accuracy",
    "class_accuracies",
    "confidence_histogram",
    "corruption_accuracies",
    "corruption_errors",
    "error_rates",
    "expected_calibration_error",
    "expected_calibration_error_bound",
    "expected_calibration_error_floor",
    "histogram_of_bins",
    "mean_accuracy",
    "mean_corruption_error",
    "relative_mean_corruption_error",
    "worst_corruption",
]
