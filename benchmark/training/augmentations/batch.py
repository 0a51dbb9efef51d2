"""What every augmentation takes and gives: a batch of images with soft targets, and a random generator."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple

import torch

from benchmark.documents.strict import Strict


class Batch(NamedTuple):
    """images: float (N, C, H, W), in [0, 1] unless normalized; targets: float (N, classes), each row a distribution."""

    images: torch.Tensor
    targets: torch.Tensor


class Augmentation(Strict):
    """A random change of training images, described by a table of a recipe.

    All randomness comes from the generator, so an epoch can be drawn again after an interruption.
    """

    resembles: ClassVar[tuple[str, ...]] = ()
    """Test corruptions it looks like; a recipe that uses it must declare them in `corruptions_seen`."""
    after_normalization: ClassVar[bool] = False
    """Whether it acts on normalized images, after all that do not."""

    @abstractmethod
    def apply(self, batch: Batch, generator: torch.Generator) -> Batch:
        """A batch of the same shape, in the same units; the input may be overwritten."""


def uniform(low: float, high: float, count: int, generator: torch.Generator) -> torch.Tensor:
    """Float (count,) drawn evenly from [low, high)."""
    return low + (high - low) * torch.rand(count, generator=generator)


def chosen(probability: float, count: int, generator: torch.Generator) -> torch.Tensor:
    """The int64 indices, ascending, of the images an augmentation of this probability hits."""
    return torch.nonzero(torch.rand(count, generator=generator) < probability).flatten()
