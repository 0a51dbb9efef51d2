"""What a detector is: fitted on training outputs, it turns outputs into scores that are higher for OOD images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.detectors.outputs import Fit, check_matrix, row_blocks
from benchmark.detectors.settings import Parameters, Range, checked_parameters
from benchmark.errors import MettleError

Floats = NDArray[np.float64]
Score = Callable[[Floats, Floats], Floats]
"""From float64 logits (n, K) and features (n, D), D 0 where there are none, to float64 scores (n,)."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted detector.

    parameters: every setting it was fitted with. classes: K. dimensions: D, None where features are not read.
    """

    name: str
    parameters: Parameters
    classes: int
    dimensions: int | None
    score_rows: Score

    def score(
        self, logits: NDArray[np.floating], features: NDArray[np.floating] | None = None, *, rows: int = 2048
    ) -> Floats:
        """Scores float64 (N,), higher is MORE out of distribution; only their order means something.

        logits: float (N, K). features: float (N, D), needed where `dimensions` is not None. rows: how many images
        are worked on at once, which changes scores by float64 rounding at most.
        Raises MettleError for other shapes, NaN and infinity, in the arrays or in the scores.
        """
        check_matrix("logits", logits, smallest_width=2)
        self._check_width("logits", logits, self.classes, len(logits))
        if self.dimensions is None or features is None:
            if self.dimensions is not None:
                raise MettleError(f"detector {self.name}", "reads features", "logits alone")
            features = np.empty((len(logits), 0))
        else:
            check_matrix("features", features, smallest_width=1)
            self._check_width("features", features, self.dimensions, len(logits))
        scores = np.empty(len(logits))
        for block in row_blocks(len(logits), rows):
            scores[block] = self.score_rows(
                logits[block].astype(np.float64, order="C"), features[block].astype(np.float64, order="C")
            )
        if not np.isfinite(scores).all():
            place = np.flatnonzero(~np.isfinite(scores))[0]
            raise MettleError(f"detector {self.name}", "scores must be finite", f"{scores[place]} for image {place}")
        return scores

    def _check_width(self, thing: str, values: NDArray[np.floating], width: int, images: int) -> None:
        if values.shape != (images, width):
            raise MettleError(thing, f"must have shape ({images}, {width}), as in fitting", values.shape)


class Detector(ABC):
    """One post-hoc method. Subclasses say how it is fitted; `fit` checks first.

    name: in submissions and records. source: the paper.
    grid: settings that tuning tries, the default first; every one names all parameters.
    ranges: what a submission may set.
    needs_head: cannot do without a linear head. needs_features: reads penultimate features.
    own_pass: its logits come from a pass of its own over the images, not from the shared one.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    grid: ClassVar[tuple[Parameters, ...]] = ({},)
    ranges: ClassVar[Mapping[str, Range]] = {}
    needs_head: ClassVar[bool] = False
    needs_features: ClassVar[bool] = False
    own_pass: ClassVar[bool] = False

    def fit(self, train: Fit, parameters: Parameters | None = None) -> Fitted:
        """The detector fitted on training outputs.

        parameters: settings, the rest by default. Raises MettleError for settings that are unknown, out of range or
        impossible on these outputs, and where features or a linear head are needed and missing.
        """
        chosen = dict(self.grid[0]) | self.checked(parameters or {})
        if self.needs_features and (train.features is None or train.features.shape[1] == 0):
            raise MettleError(f"detector {self.name}", "reads penultimate features", "logits alone")
        if self.needs_head and train.head is None:
            raise MettleError(
                f"detector {self.name}",
                "needs a net whose logits are linear in its features",
                "a net without such a head",
                "Declare a detector that needs none, such as msp, energy or knn.",
            )
        dimensions = train.features.shape[1] if self.needs_features and train.features is not None else None
        return Fitted(self.name, chosen, train.classes, dimensions, self.fitted_score(train, chosen))

    def checked(self, parameters: Parameters) -> dict[str, float]:
        """Settings as a submission gives them, with their kinds; raises MettleError for those it may not set."""
        return checked_parameters(self.name, self.ranges, parameters)

    @abstractmethod
    def fitted_score(self, train: Fit, parameters: Parameters, /) -> Score:
        """The scoring function, fitted; arguments are checked already."""


def features_of(train: Fit) -> NDArray[np.floating]:
    """The training features, of a detector that needs them."""
    assert train.features is not None
    return train.features
