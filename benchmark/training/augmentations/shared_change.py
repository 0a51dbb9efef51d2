"""One random change for several batches at once, so that what differs between them is not the change."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from benchmark.training.augmentations.siamese import BRIGHTNESS, CONTRAST, OPERATIONS, SATURATION, colour


def shared_change(batches: Sequence[torch.Tensor], generator: torch.Generator) -> list[torch.Tensor]:
    """The batches after one operation of DSA with one strength for all their images; gradients pass through.

    batches: normalized float (n, C, H, W), all of one image shape; results are in the same units. Source: Zhao and
    Bilen, arXiv 2102.08259, section 3.2, where real and synthetic images share the parameters.
    """
    together = torch.cat(list(batches))
    operation = OPERATIONS[int(torch.randint(0, len(OPERATIONS), (1,), generator=generator))]
    if operation is colour:
        changed = _colour(together, generator)
    else:
        # The geometric operations treat channels alike: as the channels of one image, all images get one draw.
        changed = operation(together.flatten(0, 1)[None], generator).view_as(together)
    return list(changed.split([len(batch) for batch in batches]))


def _colour(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    brightness, saturation, contrast = torch.rand(3, generator=generator).tolist()
    images = images + (brightness - 0.5) * BRIGHTNESS
    grey = images.mean(1, keepdim=True)
    images = (images - grey) * (saturation * SATURATION) + grey
    level = images.mean((1, 2, 3), keepdim=True)
    return (images - level) * (contrast + CONTRAST) + level
