"""Post-hoc OOD detectors on cached logits and features; a score that is higher is more out of distribution.

numpy and scipy only: ODIN's own pass, which needs gradients of the net, is imported from `odin_pass` by name.
"""

from benchmark.detectors.detector import Detector, Fitted
from benchmark.detectors.outputs import Fit, Head, InValidation, Outputs, OutValidation
from benchmark.detectors.registry import DETECTORS, detector_named
from benchmark.detectors.settings import Parameters, Range
from benchmark.detectors.tuning import tune

__all__ = [
    "DETECTORS",
    "Detector",
    "Fit",
    "Fitted",
    "Head",
    "InValidation",
    "OutValidation",
    "Outputs",
    "Parameters",
    "Range",
    "detector_named",
    "tune",
]
