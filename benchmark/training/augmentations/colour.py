"""An augmentation that makes colour and brightness meaningless."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch

from benchmark.documents.strict import Share
from benchmark.training.augmentations.batch import Augmentation, Batch, chosen, uniform


class Recolour(Augmentation):
    """Mixes the channels of each image by a random matrix of its own, then stretches it to a random range.

    The matrix has independent normal entries, so hues, and with them the order of bright and dark, come out at random;
    shapes and textures stay. The range is that of all channels together; its ends are two uniform draws, at least a
    quarter apart.
    """

    name: Literal["recolour"]
    probability: Share = 1.0
    resembles: ClassVar[tuple[str, ...]] = ("brightness", "contrast", "saturate")

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        images = batch.images.clone()
        hit = chosen(self.probability, len(images), generator)
        channels = images.shape[1]
        matrices = torch.randn(len(hit), channels, channels, generator=generator)
        span = uniform(0.25, 1, len(hit), generator)
        bottom = uniform(0, 1, len(hit), generator) * (1 - span)
        mixed = torch.bmm(matrices, images[hit].flatten(2))
        low, high = mixed.amin((1, 2), keepdim=True), mixed.amax((1, 2), keepdim=True)
        share = (mixed - low) / (high - low).clamp_min(1e-6)
        images[hit] = (bottom.view(-1, 1, 1) + span.view(-1, 1, 1) * share).view_as(images[hit]).clamp(0, 1)
        return Batch(images, batch.targets)
