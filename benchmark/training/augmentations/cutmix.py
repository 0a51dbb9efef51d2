"""CutMix as the distillation literature uses it: on some batches, one box for the whole batch."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from pydantic import Field

from benchmark.documents.strict import Finite
from benchmark.training.augmentations.batch import Augmentation, Batch


class CutMix(Augmentation):
    """A box of every image is replaced by the same box of another, and targets are mixed by area.

    The box covers a share of the image drawn evenly from [0, 1] around a centre drawn evenly, cut off at the border;
    it is one for the batch. Source: Yun et al., arXiv 1905.04899, with their beta of 1; probability as in IDC and NCFM.
    """

    name: Literal["cutmix"]
    probability: Annotated[Finite, Field(gt=0, le=1)] = 0.5

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        hit, covered, *centre = torch.rand(4, generator=generator).tolist()
        order = torch.randperm(len(batch.images), generator=generator)
        if hit >= self.probability:
            return batch
        sides = batch.images.shape[2:]
        (top, bottom), (left, right) = (
            _span(side, place, covered**0.5) for side, place in zip(sides, centre, strict=True)
        )
        images = batch.images.clone()
        images[:, :, top:bottom, left:right] = batch.images[order, :, top:bottom, left:right]
        replaced = (bottom - top) * (right - left) / (sides[0] * sides[1])
        return Batch(images, batch.targets * (1 - replaced) + batch.targets[order] * replaced)


def _span(side: int, centre: float, share: float) -> tuple[int, int]:
    """First and past-the-last row or column of a box."""
    length, middle = int(side * share), int(side * centre)
    first = middle - length // 2
    return max(first, 0), min(first + length, side)
