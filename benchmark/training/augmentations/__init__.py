"""The augmentations a recipe may name, each with its parameters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from benchmark.training.augmentations.augmix import AugMix
from benchmark.training.augmentations.batch import Augmentation, Batch
from benchmark.training.augmentations.colour import Recolour
from benchmark.training.augmentations.cutmix import CutMix
from benchmark.training.augmentations.degradation import GaussianBlur, GaussianNoise
from benchmark.training.augmentations.placement import Cutout, Flip, Shift
from benchmark.training.augmentations.published import MixUpOrCutMix, RandAugment
from benchmark.training.augmentations.siamese import DSA

AnyAugmentation = Annotated[
    Flip
    | Shift
    | Cutout
    | GaussianNoise
    | GaussianBlur
    | AugMix
    | RandAugment
    | MixUpOrCutMix
    | Recolour
    | DSA
    | CutMix,
    Field(discriminator="name"),
]

__all__ = ["AnyAugmentation", "Augmentation", "Batch"]
