"""AugMix without the operations that also occur as test corruptions, for whole batches."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch.nn import functional

from benchmark.documents.strict import Finite
from benchmark.training.augmentations.batch import Augmentation, Batch, uniform

GEOMETRIC = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")
LONGEST_CHAIN = 3


class AugMix(Augmentation):
    """Mixes each image with a random blend of `width` chains of one to three operations.

    Source: Hendrycks et al., arXiv 1912.02781, with its operations and magnitudes at the given severity; blend
    and mixing weights are flat (Dirichlet and Beta with parameter 1). Colour, contrast, brightness and sharpness
    are left out, as there, because they are tested. We deviate: no consistency loss, bilinear resampling.
    """

    name: Literal["augmix"]
    severity: Annotated[Finite, Field(ge=1, le=10)] = 3.0
    width: Annotated[int, Field(ge=1, le=8)] = 3
    resembles: ClassVar[tuple[str, ...]] = ("quantization",)

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        images = batch.images
        # Exponential draws over their sum are a flat Dirichlet; a uniform draw is a flat Beta.
        blend = torch.empty(self.width, len(images)).exponential_(generator=generator)
        blend = (blend / blend.sum(0)).view(self.width, -1, 1, 1, 1)
        mixed = sum(blend[chain] * self._chain(images, generator) for chain in range(self.width))
        share = uniform(0, 1, len(images), generator).view(-1, 1, 1, 1)
        return Batch(torch.lerp(images, mixed, share).clamp(0, 1), batch.targets)  # type: ignore[arg-type]

    def _chain(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        images = images.clone()
        depth = torch.randint(1, LONGEST_CHAIN + 1, (len(images),), generator=generator)
        for step in range(LONGEST_CHAIN):
            operation = torch.randint(0, len(GEOMETRIC) + len(TONAL), (len(images),), generator=generator)
            level = uniform(0.1, self.severity, len(images), generator) / 10
            sign = torch.randint(0, 2, (len(images),), generator=generator) * 2 - 1
            active = step < depth
            moved = active & (operation < len(GEOMETRIC))
            images[moved] = affine(images[moved], operation[moved], (level * sign)[moved])
            for index, tonal in enumerate(TONAL, start=len(GEOMETRIC)):
                hit = active & (operation == index)
                images[hit] = tonal(images[hit], level[hit])
        return images


def affine(images: torch.Tensor, operation: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """Each image rotated, sheared or shifted; level in [-1, 1] is 30 degrees, 0.3, or a third of the side."""
    matrices = torch.eye(2, 3).repeat(len(images), 1, 1)
    angle = level * math.radians(30)
    rotated = operation == GEOMETRIC.index("rotate")
    cosine, sine = torch.cos(angle[rotated]), torch.sin(angle[rotated])
    matrices[rotated, 0, 0], matrices[rotated, 0, 1] = cosine, -sine
    matrices[rotated, 1, 0], matrices[rotated, 1, 1] = sine, cosine
    # grid_sample counts in half sides, hence two thirds for a third of the side.
    for name, row, column, largest in (
        ("shear_x", 0, 1, 0.3),
        ("shear_y", 1, 0, 0.3),
        ("translate_x", 0, 2, 2 / 3),
        ("translate_y", 1, 2, 2 / 3),
    ):
        hit = operation == GEOMETRIC.index(name)
        matrices[hit, row, column] = largest * level[hit]
    grid = functional.affine_grid(matrices, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def posterize(images: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """Keeps the 4 highest bits at level 0 and none at level 1."""
    bits = 4 - torch.floor(level * 4)
    step = 2 ** (8 - bits).view(-1, 1, 1, 1)
    return torch.floor(images * 255 / step) * step / 255


def solarize(images: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
    """Inverts pixels at or above 1 - level."""
    threshold = 1 - level.view(-1, 1, 1, 1)
    return torch.where(images >= threshold, 1 - images, images)


def autocontrast(images: torch.Tensor, level: torch.Tensor) -> torch.Tensor:  # noqa: ARG001
    """Stretches each channel to fill [0, 1]; a flat channel stays."""
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    stretched = (images - low) / (high - low).clamp_min(1e-6)
    return torch.where(high > low, stretched, images)


def equalize(images: torch.Tensor, level: torch.Tensor) -> torch.Tensor:  # noqa: ARG001
    """Flattens each channel's histogram of 256 levels; a flat channel stays."""
    levels = (images * 255).round().long().flatten(2)
    counts = torch.zeros(*levels.shape[:2], 256).scatter_add_(2, levels, torch.ones(levels.shape))
    cumulative = counts.cumsum(2)
    lowest = cumulative.gather(2, levels.amin(2, keepdim=True))
    spread = (cumulative[:, :, -1:] - lowest).clamp_min(1)
    table = ((cumulative - lowest) / spread).clamp(0, 1)
    equalized = table.gather(2, levels).view_as(images)
    flat = images.amin((2, 3), keepdim=True) == images.amax((2, 3), keepdim=True)
    return torch.where(flat, images, equalized)


TONAL = (posterize, solarize, autocontrast, equalize)
