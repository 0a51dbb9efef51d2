"""The one path from an image in [0, 1] to a submitted net: channels, size, normalization."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional


class Normalized(nn.Module):
    """Logits (N, classes) of float images (N, C, H, W) in [0, 1], at the task's size.

    Grey images are repeated for a net of three channels, resized to `resize` (bilinear, antialiased) where
    given, and normalized by mean and std, one value a channel or one for all. Works in the module's precision:
    after `.double()` images are taken as float64 throughout.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        net: nn.Module,
        *,
        mean: Sequence[float],
        std: Sequence[float],
        in_channels: int,
        resize: int | None = None,
    ) -> None:
        super().__init__()
        self.net = net
        self.in_channels = in_channels
        self.resize = resize
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, -1, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        images = images.to(self.mean.dtype)
        if images.shape[1] != self.in_channels:
            images = images.expand(-1, self.in_channels, -1, -1)
        if self.resize is not None and tuple(images.shape[2:]) != (self.resize, self.resize):
            images = functional.interpolate(
                images, size=(self.resize, self.resize), mode="bilinear", align_corners=False, antialias=True
            )
        normalized = (images - self.mean) / self.std
        # Convolutions on a CPU are up to two times faster in this layout, whatever layout the caller had.
        return self.net(normalized.contiguous(memory_format=torch.channels_last))
