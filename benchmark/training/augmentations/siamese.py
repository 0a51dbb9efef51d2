"""DSA, the augmentation of the distillation literature: one of six operations a batch, drawn anew for each image."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal

import torch
from torch.nn import functional

from benchmark.training.augmentations.batch import Augmentation, Batch, uniform

SCALE = 1.2
"""Each side is scaled between 1 / SCALE and SCALE."""
ROTATION_DEGREES = 15.0
PADDED_SHARE = 0.125
"""The crop moves by up to this share of a side."""
CUTOUT_SHARE = 0.5
BRIGHTNESS, SATURATION, CONTRAST = 1.0, 2.0, 0.5


class DSA(Augmentation):
    """Colour, crop, cutout, flip, scale or rotation: one drawn for a batch, its strength drawn for each image.

    Source: Zhao and Bilen, arXiv 2102.08259, strategy `color_crop_cutout_flip_scale_rotate` with the parameters of
    their code, which acts on normalized images: black in a border or a hole is the mean colour here, too. The name
    (differentiable siamese augmentation) is from distillation, where two batches share the draw; training does not.
    """

    name: Literal["dsa"]
    after_normalization: ClassVar[bool] = True

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        operation = OPERATIONS[int(torch.randint(0, len(OPERATIONS), (1,), generator=generator))]
        return Batch(operation(batch.images, generator), batch.targets)


def _of_images(values: torch.Tensor) -> torch.Tensor:
    return values.view(-1, 1, 1, 1)


def colour(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Brightness, then saturation (which a grey image does not have), then contrast, each by a draw of its own."""
    count = len(images)
    images = images + _of_images(uniform(-0.5, 0.5, count, generator)) * BRIGHTNESS
    grey = images.mean(1, keepdim=True)
    images = (images - grey) * _of_images(uniform(0, SATURATION, count, generator)) + grey
    level = images.mean((1, 2, 3), keepdim=True)
    return (images - level) * _of_images(uniform(CONTRAST, CONTRAST + 1, count, generator)) + level


def crop(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Moves each image by up to an eighth of its side, zeros coming in."""
    count, channels, height, width = images.shape
    down, right = (int(side * PADDED_SHARE + 0.5) for side in (height, width))
    padded = functional.pad(images, (right, right, down, down))
    top = torch.randint(0, 2 * down + 1, (count, 1, 1, 1), generator=generator)
    left = torch.randint(0, 2 * right + 1, (count, 1, 1, 1), generator=generator)
    rows = (top + torch.arange(height).view(1, 1, -1, 1)).expand(count, channels, height, padded.shape[3])
    columns = (left + torch.arange(width).view(1, 1, 1, -1)).expand(count, channels, height, width)
    return padded.gather(2, rows).gather(3, columns)


def cutout(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Zeros in a square of half the side around any pixel; where it hangs over, the edge row or column is zero."""
    count, _, height, width = images.shape
    hidden = torch.ones(count, 1, height, width, dtype=torch.bool)
    for axis, side in ((2, height), (3, width)):
        size = int(side * CUTOUT_SHARE + 0.5)
        centre = torch.randint(0, side + (1 - size % 2), (count, 1, 1, 1), generator=generator)
        first = (centre - size // 2).clamp(0, side - 1)
        last = (centre - size // 2 + size - 1).clamp(0, side - 1)
        shape = [1, 1, 1, 1]
        shape[axis] = side
        place = torch.arange(side).view(shape)
        hidden = hidden & (place >= first) & (place <= last)
    return images.masked_fill(hidden, 0.0)


def flip(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirrors every other image left and right, by chance."""
    return torch.where(_of_images(torch.rand(len(images), generator=generator)) < 0.5, images.flip(3), images)


def scale(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Stretches each image, width and height by draws of their own."""
    horizontal, vertical = (uniform(1 / SCALE, SCALE, len(images), generator) for _ in range(2))
    zero = torch.zeros_like(horizontal)
    return _warped(images, [[horizontal, zero, zero], [zero, vertical, zero]])


def rotation(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Turns each image by up to 15 degrees either way."""
    angle = torch.deg2rad(uniform(-ROTATION_DEGREES, ROTATION_DEGREES, len(images), generator))
    zero = torch.zeros_like(angle)
    return _warped(images, [[angle.cos(), -angle.sin(), zero], [angle.sin(), angle.cos(), zero]])


def _warped(images: torch.Tensor, rows: list[list[torch.Tensor]]) -> torch.Tensor:
    matrices = torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
    grid = functional.affine_grid(matrices, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


OPERATIONS: tuple[Callable[[torch.Tensor, torch.Generator], torch.Tensor], ...] = (
    colour, crop, cutout, flip, scale, rotation,
)  # fmt: skip
