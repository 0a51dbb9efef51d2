"""All detectors by name, in the order of the board."""

from __future__ import annotations

from difflib import get_close_matches

from benchmark.detectors.detector import Detector
from benchmark.detectors.dice import Dice
from benchmark.detectors.fdbd import DecisionBoundaryDistance
from benchmark.detectors.gen import GeneralizedEntropy
from benchmark.detectors.kl_matching import KLMatching
from benchmark.detectors.knn import NearestNeighbour
from benchmark.detectors.logit_scores import Energy, Entropy, MaximumLogit, MaximumSoftmax
from benchmark.detectors.mahalanobis import Mahalanobis, RelativeMahalanobis
from benchmark.detectors.nnguide import NeighbourGuidance
from benchmark.detectors.odin import Odin
from benchmark.detectors.shaped_activations import Ash, ReAct, Scale
from benchmark.detectors.she import SimplifiedHopfield
from benchmark.detectors.temperature_scaling import TemperatureScaling
from benchmark.detectors.vim import VirtualLogit
from benchmark.errors import MettleError

DETECTORS: dict[str, Detector] = {
    detector.name: detector
    for detector in (
        MaximumSoftmax(),
        TemperatureScaling(),
        MaximumLogit(),
        Energy(),
        GeneralizedEntropy(),
        KLMatching(),
        Entropy(),
        ReAct(),
        Ash(),
        Scale(),
        Mahalanobis(),
        RelativeMahalanobis(),
        NearestNeighbour(),
        VirtualLogit(),
        SimplifiedHopfield(),
        Dice(),
        NeighbourGuidance(),
        DecisionBoundaryDistance(),
        Odin(),
    )
}


def detector_named(name: str) -> Detector:
    """The detector of this name; raises MettleError with the nearest names where there is none."""
    if name in DETECTORS:
        return DETECTORS[name]
    near = ", ".join(get_close_matches(name, DETECTORS, n=3)) or ", ".join(DETECTORS)
    raise MettleError("detector", "must be one that is registered", repr(name), f"Nearest: {near}.")
