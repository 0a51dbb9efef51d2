"""RandAugment, MixUp and CutMix as torchvision implements them.

torchvision is imported where it is used: it takes one and a half seconds, in every process that trains any net.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import torch
from pydantic import Field

from benchmark.documents.strict import Finite
from benchmark.training.augmentations.batch import Augmentation, Batch

if TYPE_CHECKING:
    from torchvision.transforms import v2

GROUP_SIZE = 8


def _seeded(transform: v2.Transform, *inputs: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    # torchvision draws from the global generator: seed it from ours, and leave it as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(0, 2**31, (1,), generator=generator)))
        return transform(*inputs)


class RandAugment(Augmentation):
    """`operations` random operations of one magnitude (arXiv 1909.13719), drawn anew for every 8 images."""

    name: Literal["randaugment"]
    operations: Annotated[int, Field(ge=1, le=4)] = 2
    magnitude: Annotated[int, Field(ge=1, le=30)] = 9
    resembles: ClassVar[tuple[str, ...]] = ("brightness", "contrast", "saturate", "quantization")

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        from torchvision.transforms import v2

        transform = v2.RandAugment(num_ops=self.operations, magnitude=self.magnitude)
        levels = (batch.images * 255).round().to(torch.uint8)
        # One draw serves a whole tensor, so small groups stand for the per-image draws of the paper.
        groups = [_seeded(transform, group, generator=generator) for group in levels.split(GROUP_SIZE)]
        return Batch(torch.cat(groups).float() / 255, batch.targets)


class MixUpOrCutMix(Augmentation):
    """A coin per batch decides between MixUp (arXiv 1710.09412) and CutMix (arXiv 1905.04899)."""

    name: Literal["mixup_or_cutmix"]
    mixup_alpha: Annotated[Finite, Field(gt=0)] = 0.2
    cutmix_alpha: Annotated[Finite, Field(gt=0)] = 1.0

    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        from torchvision.transforms import v2

        classes = batch.targets.shape[1]
        if torch.rand(1, generator=generator) < 0.5:
            transform: v2.Transform = v2.MixUp(alpha=self.mixup_alpha, num_classes=classes)
        else:
            transform = v2.CutMix(alpha=self.cutmix_alpha, num_classes=classes)
        images, targets = _seeded(transform, batch.images, batch.targets, generator=generator)
        return Batch(images, targets)
