"""Choice of a detector's settings on validation images."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmark.detectors.detector import Detector
from benchmark.detectors.outputs import Fit, InValidation, OutValidation
from benchmark.detectors.settings import Parameters
from benchmark.errors import MettleError
from benchmark.metrics.detection import auroc


def tune(
    detector: Detector, train: Fit, in_validation: InValidation, out_validation: OutValidation | Sequence[OutValidation]
) -> Parameters:
    """The setting of the detector's grid with the best AUROC of OOD against ID validation images; ties: the first.

    With several OOD validation sets, the unweighted mean of their AUROCs, as in the groups that are scored. A setting
    that cannot be fitted on these outputs, or gives NaN or infinity on a validation image, is left out; where none is
    left, the MettleError of the first is raised. A grid of one setting is returned as it is.
    Test images cannot come in: there is no argument of their type.
    """
    sets = [out_validation] if isinstance(out_validation, OutValidation) else list(out_validation)
    if not sets or any(len(outputs.logits) == 0 for outputs in (in_validation, *sets)):
        raise MettleError("validation outputs", "must hold at least one ID and one OOD image", "none")
    if len(detector.grid) == 1:
        return detector.grid[0]
    best, refusal = None, None
    highest = -math.inf
    for setting in detector.grid:
        try:
            fitted = detector.fit(train, setting)
            inside = fitted.score(in_validation.logits, in_validation.features)
            outside = [fitted.score(outputs.logits, outputs.features) for outputs in sets]
        except MettleError as error:
            refusal = refusal or error
            continue
        value = math.fsum(auroc(inside, scores) for scores in outside) / len(outside)
        if value > highest:
            best, highest = setting, value
    if best is None:
        assert refusal is not None  # the grid is not empty, so some setting was refused
        raise refusal
    return best
