"""Augmentations that move or hide pixels and invent none: flip, shift, cutout."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch.nn import functional

from benchmark.documents.strict import Share
from benchmark.training.augmentations.batch import Augmentation, Batch, chosen


class Flip(Augmentation):
    """Mirrors left and right, each image with the given probability."""

    name: Literal["flip"]
    probability: Share = 0.5

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        hit = chosen(self.probability, len(batch.images), generator)
        images = batch.images.clone()
        images[hit] = images[hit].flip(3)
        return Batch(images, batch.targets)


class Shift(Augmentation):
    """Moves each image by up to `pixels` along both axes, the border filled by reflection."""

    name: Literal["shift"]
    pixels: Annotated[int, Field(ge=1, le=16)]

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        count, _, height, width = batch.images.shape
        padded = functional.pad(batch.images, (self.pixels,) * 4, mode="reflect")
        down, right = torch.randint(0, 2 * self.pixels + 1, (2, count), generator=generator)
        images = torch.empty_like(batch.images)
        for y in range(2 * self.pixels + 1):
            for x in range(2 * self.pixels + 1):
                moved = (down == y) & (right == x)
                images[moved] = padded[moved, :, y : y + height, x : x + width]
        return Batch(images, batch.targets)


class Cutout(Augmentation):
    """Hides a square of `size` pixels behind mid-grey (arXiv 1708.04552); it may hang over the edge."""

    name: Literal["cutout"]
    size: Annotated[int, Field(ge=1, le=256)]
    resembles: ClassVar[tuple[str, ...]] = ("checkerboard_cutout",)

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        count, _, height, width = batch.images.shape
        top = torch.randint(0, height, (count, 1, 1, 1), generator=generator) - self.size // 2
        left = torch.randint(0, width, (count, 1, 1, 1), generator=generator) - self.size // 2
        rows = torch.arange(height).view(1, 1, height, 1)
        columns = torch.arange(width).view(1, 1, 1, width)
        hidden = (rows >= top) & (rows < top + self.size) & (columns >= left) & (columns < left + self.size)
        return Batch(batch.images.masked_fill(hidden, 0.5), batch.targets)
