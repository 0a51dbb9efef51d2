"""One detector on the outputs of one net: fitted, tuned on validation images, and its scores as ranks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.detectors import DETECTORS, Detector, Fit, Head, InValidation, OutValidation, Parameters, tune
from benchmark.errors import MettleError
from benchmark.metrics import dense_ranks
from benchmark.models.net import Outputs
from benchmark.passes import collect_pass
from benchmark.protocol import Arrays
from tasks.ood.split import Selection, View

HEAD = "head"
ODIN = "odin."
"""Before the name of a pass: the same images in ODIN's own pass."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Ranks of images, higher is more out of distribution: within a group of sets they are comparable.

    parameters: what the detector ran with. validation: ranks of the in-distribution validation images and of each
    validation set. groups: by group, ranks of the test images and of each set.
    """

    parameters: Parameters
    validation: tuple[np.ndarray, Mapping[str, np.ndarray]] | None
    groups: Mapping[str, tuple[np.ndarray, Mapping[str, np.ndarray]]]


class Evidence:
    """The outputs of one net on everything a view shows."""

    def __init__(self, view: View, shards: Mapping[str, Arrays]) -> None:
        self.view, self._shards = view, shards
        self._passes: dict[str, Outputs] = {}

    def outputs(self, chosen: Selection) -> Outputs:
        """Logits and features of a selection, from the shared pass."""
        whole = self._whole(chosen.passed)
        return Outputs(whole.logits[chosen.positions], whole.features[chosen.positions])

    def read_by(self, detector: Detector, chosen: Selection) -> tuple[np.ndarray, np.ndarray | None]:
        """Logits and features of a selection as a detector reads them; those of ODIN's pass are logits alone."""
        if detector.own_pass:
            return self._whole(ODIN + chosen.passed).logits[chosen.positions], None
        outputs = self.outputs(chosen)
        return outputs.logits, outputs.features

    def _whole(self, name: str) -> Outputs:
        if name not in self._passes:
            self._passes[name] = collect_pass(name, self._shards)
        return self._passes[name]

    @property
    def head(self) -> Head | None:
        """The net's last linear map, where its logits are one."""
        arrays = self._shards[HEAD]
        return _Head(arrays["weight"], arrays["bias"]) if "weight" in arrays else None

    def fit(self) -> Fit:
        """What detectors are fitted on: training images, and validation labels for those that calibrate."""
        train, validation = (self.outputs(chosen) for chosen in (self.view.fit, self.view.in_validation))
        return Fit(
            train.logits,
            train.features,
            self.view.fit.labels,
            self.head,
            validation.logits,
            self.view.in_validation.labels,
        )


@dataclass(frozen=True, eq=False)
class _Head:
    weight: np.ndarray
    bias: np.ndarray


def judge(detector: Detector, declared: Parameters, train: Fit, evidence: Evidence) -> Judged:
    """The ranks a detector gives; declared: settings, which are tuned on the validation images where there are none.

    Raises MettleError for a detector that this net does not allow, and for settings that it may not have.
    """
    view = evidence.view
    if detector.own_pass and any(detector.checked(declared)[name] != detector.grid[0][name] for name in declared):
        rule = f"its pass is made once, with {_text(detector.grid[0])}"
        raise MettleError(f"detector {detector.name}", rule, _text(declared), "Leave the parameters out.")
    parameters = declared or tune(
        detector,
        train,
        InValidation(*evidence.read_by(detector, view.in_validation)),
        [OutValidation(*evidence.read_by(detector, chosen)) for chosen in view.out_validation.values()],
    )
    fitted = detector.fit(train, parameters)

    def scores(chosen: Selection) -> np.ndarray:
        return fitted.score(*evidence.read_by(detector, chosen))

    tested = scores(view.inside)
    return Judged(
        fitted.parameters,
        _pooled(scores(view.in_validation), {name: scores(chosen) for name, chosen in view.out_validation.items()}),
        {
            group: _pooled(tested, {name: scores(chosen) for name, chosen in sets.items()})
            for group, sets in view.outside.items()
        },
    )


def judge_all(train: Fit, evidence: Evidence, known: Mapping[str, Judged]) -> tuple[dict[str, Judged], list[str]]:
    """Every detector that this net allows, tuned, by name; and of the others, why not. known: tuned already."""
    judged: dict[str, Judged] = {}
    refusals = []
    for name, detector in DETECTORS.items():
        if name in known:
            judged[name] = known[name]
            continue
        try:
            judged[name] = judge(detector, {}, train, evidence)
        except MettleError as refusal:
            refusals.append(f"{name} is missing: {refusal}")
    return judged, refusals


def ranks_of_scores(view: View, scores: Mapping[str, np.ndarray]) -> Judged:
    """Ranks of scores that a submitter computed, by role: `test`, `near/<set>`, `far/<set>`."""
    groups = {
        group: _pooled(scores["test"], {name: scores[f"{group}/{name}"] for name in sets})
        for group, sets in view.outside.items()
    }
    return Judged({}, None, groups)


def _pooled(inside: np.ndarray, outside: Mapping[str, np.ndarray]) -> tuple[np.ndarray, Mapping[str, np.ndarray]]:
    first, *others = dense_ranks([inside, *outside.values()])
    return first, dict(zip(outside, others, strict=True))


def _text(parameters: Parameters) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in parameters.items())
