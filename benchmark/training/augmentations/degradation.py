"""Augmentations that degrade images as some test corruptions do: a recipe that uses them must say so."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch.nn import functional

from benchmark.documents.strict import Finite, Share
from benchmark.training.augmentations.batch import Augmentation, Batch, chosen, uniform


class GaussianNoise(Augmentation):
    """Adds white noise of a standard deviation drawn for each image from [0, largest_sd] (pixels in [0, 1])."""

    name: Literal["gaussian_noise"]
    largest_sd: Annotated[Finite, Field(gt=0, le=1)]
    probability: Share = 0.5
    resembles: ClassVar[tuple[str, ...]] = ("gaussian_noise",)

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        images = batch.images.clone()
        hit = chosen(self.probability, len(images), generator)
        sd = uniform(0, self.largest_sd, len(hit), generator).view(-1, 1, 1, 1)
        noise = torch.randn(images[hit].shape, generator=generator)
        images[hit] = (images[hit] + sd * noise).clamp(0, 1)
        return Batch(images, batch.targets)


class GaussianBlur(Augmentation):
    """Mixes each image with its blurred self in a random share; one sigma in pixels a batch, up to largest_sigma."""

    name: Literal["gaussian_blur"]
    largest_sigma: Annotated[Finite, Field(gt=0, le=8)]
    probability: Share = 0.5
    resembles: ClassVar[tuple[str, ...]] = ("gaussian_blur", "defocus_blur")

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        images = batch.images.clone()
        hit = chosen(self.probability, len(images), generator)
        sigma = max(0.1, float(uniform(0, self.largest_sigma, 1, generator)))
        share = uniform(0, 1, len(hit), generator).view(-1, 1, 1, 1)
        if len(hit):
            images[hit] = torch.lerp(images[hit], _blur(images[hit], sigma), share)
        return Batch(images, batch.targets)


def _blur(images: torch.Tensor, sigma: float) -> torch.Tensor:
    """Separable Gaussian blur with reflected borders, cut off at three sigma."""
    radius = min(math.ceil(3 * sigma), min(images.shape[2:]) - 1)
    offsets = torch.arange(-radius, radius + 1, dtype=images.dtype)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights = weights / weights.sum()
    channels = images.shape[1]
    padded = functional.pad(images, (radius,) * 4, mode="reflect")
    rows = functional.conv2d(padded, weights.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
    return functional.conv2d(rows, weights.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
