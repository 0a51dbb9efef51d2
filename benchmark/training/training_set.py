"""What a net is trained on: images, targets, and what else comes with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional


@dataclass(frozen=True)
class TrainingSet:
    """N examples of K classes.

    images: uint8 (N, H, W, C), or float32 (N, H, W, C) in pixel units, where 0 is black and 1 white; distilled images
    may lie outside. targets: float32 (N, K), each row a distribution. weights: float64 (N,), relative chances of being
    drawn, with replacement; without them every example comes once an epoch. labeller: from augmented images in pixel
    units, float (n, C, H, W), to their targets, float (n, K), in place of `targets`: a teacher asked about every batch.
    """

    images: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None = None
    labeller: Callable[[torch.Tensor], torch.Tensor] | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def classes(self) -> int:
        return self.targets.shape[1]

    def pixels(self) -> torch.Tensor:
        """The images as a tensor (N, C, H, W) of their own type.

        A grey image has two equal layouts; only an explicit copy gets the one that keeps instance norm fast.
        """
        return torch.from_numpy(self.images).permute(0, 3, 1, 2).clone(memory_format=torch.contiguous_format)


def labelled(images: np.ndarray, labels: np.ndarray, classes: int, weights: np.ndarray | None = None) -> TrainingSet:
    """Examples with one class each; labels: int64 (N,), from 0 to classes - 1."""
    return TrainingSet(images, functional.one_hot(torch.from_numpy(labels), classes).float().numpy(), weights)


def in_pixel_units(pixels: torch.Tensor) -> torch.Tensor:
    """Float pixels, where 0 is black and 1 white, of uint8 or float pixels."""
    return pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels
