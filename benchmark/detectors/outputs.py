"""What detectors read: a net's logits and features on training, validation and scored images, each with its own type.

`Fit`, `InValidation` and `OutValidation` are the only things that fitting and tuning take; test images have no type
here, they only ever reach `Fitted.score`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import MettleError

HEAD_TOLERANCE = 1e-4
"""Largest difference, relative to the largest logit, between logits and head; features are rounded to float32."""
_CHECKED_ROWS = 64
_ROWS_A_BLOCK = 2048


class Head(Protocol):
    """The last linear map of a net: logits = features @ weight.T + bias."""

    @property
    def weight(self) -> NDArray[np.float64]:
        """float64 (K, D)."""

    @property
    def bias(self) -> NDArray[np.float64]:
        """float64 (K,)."""


@dataclass(frozen=True, eq=False)
class Outputs:
    """Outputs of one net on N images.

    logits: float (N, K), K at least 2. features: float (N, D), the input of the last linear layer; None, or D 0, where
    only logits are known. Raises MettleError for other shapes, unequal lengths, NaN and infinity.
    """

    logits: NDArray[np.floating]
    features: NDArray[np.floating] | None

    def __post_init__(self) -> None:
        check_matrix("logits", self.logits, smallest_width=2)
        if self.features is not None:
            check_matrix("features", self.features, smallest_width=0)
            if len(self.features) != len(self.logits):
                value = f"{len(self.features)} features and {len(self.logits)} logits"
                raise MettleError("features", "must have one row an image, like the logits", value)


@dataclass(frozen=True, eq=False)
class InValidation(Outputs):
    """Outputs on the in-distribution validation images, which are neither trained on nor scored."""


@dataclass(frozen=True, eq=False)
class OutValidation(Outputs):
    """Outputs on one out-of-distribution validation set; its source is in no test set."""


@dataclass(frozen=True, eq=False)
class Fit(Outputs):
    """What a detector is fitted on: outputs on in-distribution training images.

    labels: integers (N,) in 0..K - 1. head: the last linear map, None where the logits are not linear in the features.
    validation_logits, validation_labels: of in-distribution validation images, for detectors that calibrate on images
    the net was not trained on; where they are None, those detectors take the training images, on which a net is more
    confident. Raises MettleError for no image, labels outside, a head that does not give the logits, and as `Outputs`.
    """

    labels: NDArray[np.integer]
    head: Head | None = None
    validation_logits: NDArray[np.floating] | None = None
    validation_labels: NDArray[np.integer] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.logits) == 0:
            raise MettleError("training outputs", "must hold at least one image", "none")
        _check_labels("training labels", self.labels, self.logits)
        if (self.validation_logits is None) != (self.validation_labels is None):
            raise MettleError("validation outputs", "must have both logits and labels", "only one of them")
        if self.validation_logits is not None and self.validation_labels is not None:
            check_matrix("validation logits", self.validation_logits, self.classes)
            if self.validation_logits.shape[1] != self.classes or len(self.validation_logits) == 0:
                raise MettleError(
                    "validation logits", f"must have shape (N, {self.classes}), N from 1", self.validation_logits.shape
                )
            _check_labels("validation labels", self.validation_labels, self.validation_logits)
        self._check_head()

    @property
    def classes(self) -> int:
        """K, the number of classes."""
        return int(self.logits.shape[1])

    @property
    def calibration_logits(self) -> NDArray[np.floating]:
        """The validation logits, or the training logits where there are none."""
        return self.logits if self.validation_logits is None else self.validation_logits

    @property
    def calibration_labels(self) -> NDArray[np.integer]:
        """The labels of `calibration_logits`."""
        return self.labels if self.validation_labels is None else self.validation_labels

    def _check_head(self) -> None:
        if self.head is None or self.features is None:
            return
        shapes = (self.head.weight.shape, self.head.bias.shape)
        if shapes != ((self.classes, self.features.shape[1]), (self.classes,)):
            raise MettleError("head", "must map the features to the logits", f"shapes {shapes[0]} and {shapes[1]}")
        given = self.logits[:_CHECKED_ROWS]
        made = self.features[:_CHECKED_ROWS].astype(np.float64) @ self.head.weight.T + self.head.bias
        if np.abs(made - given).max() > HEAD_TOLERANCE * max(1.0, np.abs(given).max()):
            raise MettleError("head", "must give the logits from the features", f"{np.abs(made - given).max():.3g} off")


def check_matrix(thing: str, values: NDArray[np.floating], smallest_width: int) -> None:
    """Raises MettleError unless `values` is float (N, `smallest_width` or more) and finite."""
    if values.ndim != 2 or values.dtype.kind != "f" or values.shape[1] < smallest_width:
        rule = f"must be floating-point numbers of shape (N, {smallest_width} or more)"
        raise MettleError(thing, rule, f"{values.dtype} {values.shape}")
    for rows in row_blocks(len(values)):
        if not np.isfinite(values[rows]).all():
            place = rows.start + int(np.flatnonzero(~np.isfinite(values[rows]).all(axis=1))[0])
            raise MettleError(thing, "must be finite numbers", f"NaN or infinity in row {place}", "Mend the weights.")


def row_blocks(rows: int, size: int = _ROWS_A_BLOCK) -> Iterator[slice]:
    """Consecutive slices of at most `size` rows that cover 0..rows - 1."""
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))


def _check_labels(thing: str, labels: NDArray[np.integer], logits: NDArray[np.floating]) -> None:
    if labels.shape != logits.shape[:1] or labels.dtype.kind not in "iu":
        raise MettleError(thing, f"must be {len(logits)} integers", f"{labels.dtype} {labels.shape}")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise MettleError(thing, f"must be in 0..{logits.shape[1] - 1}", f"{labels.min()} to {labels.max()}")
