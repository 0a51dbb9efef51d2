"""A small detection problem with known answers: Gaussian features behind a ReLU, and a linear head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.detectors import Fit, InValidation, OutValidation


@dataclass(frozen=True)
class LinearHead:
    weight: np.ndarray
    bias: np.ndarray

    def logits(self, features: np.ndarray) -> np.ndarray:
        return features.astype(np.float64) @ self.weight.T + self.bias


class Problem:
    """Classes around centres; OOD features lie around none."""

    def __init__(self, classes: int = 4, dimensions: int = 12, seed: int = 0, noise: float = 1.5) -> None:
        self._rng = np.random.default_rng(seed)
        self.classes, self.noise = classes, noise
        self._centres = self._rng.normal(0, 1.5, (classes, dimensions))
        centres = np.maximum(self._centres, 0)
        weight = 0.5 * (centres - centres.mean(axis=0)) + self._rng.normal(0, 0.05, centres.shape)
        self.head = LinearHead(weight, -0.5 * (weight * centres).sum(axis=1))

    def inside(self, images: int) -> tuple[np.ndarray, np.ndarray]:
        """Features float32 and labels."""
        labels = self._rng.integers(0, self.classes, images)
        noise = self._rng.normal(0, self.noise, (images, self._centres.shape[1]))
        return np.maximum(self._centres[labels] + noise, 0).astype(np.float32), labels

    def outside(self, images: int) -> np.ndarray:
        return np.maximum(self._rng.normal(0.2, 1.0, (images, self._centres.shape[1])), 0).astype(np.float32)

    def fit(self, images: int) -> Fit:
        features, labels = self.inside(images)
        validation, validation_labels = self.inside(max(images // 4, 20))
        return Fit(
            self.head.logits(features),
            features,
            labels,
            self.head,
            self.head.logits(validation),
            validation_labels,
        )

    def validation(self, images: int) -> tuple[InValidation, OutValidation]:
        inside, outside = self.inside(images)[0], self.outside(images)
        return (
            InValidation(self.head.logits(inside), inside),
            OutValidation(self.head.logits(outside), outside),
        )
