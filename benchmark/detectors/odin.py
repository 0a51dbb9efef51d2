"""ODIN: MSP at a high temperature of images moved towards their predicted class; its pass is in `odin_pass`."""

from __future__ import annotations

from benchmark.detectors.detector import Detector, Score
from benchmark.detectors.outputs import Fit
from benchmark.detectors.settings import Parameters, Range
from benchmark.detectors.softmax import log_odds_against_top


class Odin(Detector):
    """Log odds against the largest softmax probability at `temperature` of logits from `odin_pass`; higher is more OOD.

    The logits scored must come from `odin_pass` with the same settings. `epsilon` is in units of the [0, 1] image.
    The grid holds one setting, since each costs two passes and a gradient over all images; OpenOOD also tries
    temperatures 1, 10 and 100 and epsilon .0028.
    """

    name = "odin"
    source = "Liang, Li and Srikant (2018), Enhancing the reliability of out-of-distribution image detection"
    grid = ({"temperature": 1000.0, "epsilon": 0.0014},)
    ranges = {"temperature": Range(0.1, 1e5), "epsilon": Range(0, 0.1)}
    own_pass = True

    def fitted_score(self, _train: Fit, parameters: Parameters, /) -> Score:
        temperature = parameters["temperature"]
        return lambda logits, _features: log_odds_against_top(logits / temperature)
