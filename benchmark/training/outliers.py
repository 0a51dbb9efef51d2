"""Outlier exposure: images of no class, made from the training images, on which a net learns to be undecided."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
import torch
from pydantic import Field, model_validator
from torch.nn import functional

from benchmark.data.derived.near_misses import blend, jigsaw
from benchmark.documents.strict import Finite, Strict

OutlierKind = Literal["jigsaw", "blend"]


class OutlierExposure(Strict):
    """Each batch gets as many outliers as images; `weight` times their cross-entropy to the uniform is added.

    Source: Hendrycks et al., arXiv 1812.04606, equation for classification with weight 0.5. We deviate: the outliers
    come from the training images themselves, and none from another data set. jigsaw: an image whose 4 x 4 pieces are
    shuffled. blend: the mean of two images of different classes. Each outlier is of one kind, drawn evenly.
    """

    kinds: Annotated[list[OutlierKind], Field(min_length=1)]
    weight: Annotated[Finite, Field(gt=0)] = 0.5

    @model_validator(mode="after")
    def _kinds_differ(self) -> Self:
        if len(set(self.kinds)) != len(self.kinds):
            raise ValueError("kinds of outliers must differ")
        return self

    def loss(self, logits: torch.Tensor) -> torch.Tensor:
        """The weighted mean cross-entropy to the uniform distribution; logits: float (N, K) of outliers."""
        return -self.weight * functional.log_softmax(logits, dim=1).mean()


class OutlierSource:
    """Makes outliers of training images: uint8 (N, H, W, C) with labels int64 (N,) of at least two classes."""

    def __init__(self, kinds: list[OutlierKind], images: np.ndarray, labels: np.ndarray) -> None:
        self._kinds = kinds
        self._images, self._labels = images, labels
        self._others = {label: np.flatnonzero(labels != label) for label in np.unique(labels)}
        if len(self._others) < 2:
            raise ValueError("outliers are made of images of at least two classes")

    def draw(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """Float (count, C, H, W) in [0, 1]; all randomness comes from the generator."""
        of_kind = torch.randint(0, len(self._kinds), (count,), generator=generator).numpy()
        chosen = torch.randint(0, len(self._images), (count,), generator=generator).numpy()
        partners = self._partners(chosen, torch.rand(count, generator=generator, dtype=torch.float64).numpy())
        seed = int(torch.randint(0, 2**31, (1,), generator=generator))
        made = self._images[chosen]
        for index, kind in enumerate(self._kinds):
            hit = np.flatnonzero(of_kind == index)
            made[hit] = (
                jigsaw(made[hit], hit, seed) if kind == "jigsaw" else blend(made[hit], self._images[partners[hit]])
            )
        return torch.from_numpy(made).permute(0, 3, 1, 2).float() / 255

    def _partners(self, chosen: np.ndarray, places: np.ndarray) -> np.ndarray:
        """An image of another class for each chosen one, at a place in [0, 1) among them: int64 (N,)."""
        partners = np.empty_like(chosen)
        for label, others in self._others.items():
            hit = self._labels[chosen] == label
            partners[hit] = others[(places[hit] * len(others)).astype(np.int64)]
        return partners
