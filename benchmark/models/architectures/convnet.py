"""The ConvNet of the dataset distillation literature: the standard judge of a distilled set."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn


class ConvNet(nn.Module):
    """`depth` blocks of 3x3 convolution, norm, ReLU and 2x2 average pooling, then a linear layer.

    Source: DC (arXiv 2006.05929) and DC-BENCH (arXiv 2207.09639), whose keys (`features.N`, `classifier`) these
    are. Instance norm is GroupNorm with one group a channel and a learned scale and shift, without running
    statistics, which batch norm has. Parameters at depth 3, with either norm: 317,706 for 28x28x1 and 320,010 for
    32x32x3, 10 classes.
    Images of 28 pixels are padded to 32 by the first convolution. There it is the channel count that decides;
    here it is the size, so that a coloured 28x28 image works too.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        image_size: int,
        *,
        depth: int = 3,
        width: int = 128,
        norm: Literal["instance", "batch"] = "instance",
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        size, channels = image_size, in_channels
        for block in range(depth):
            padding = 3 if block == 0 and image_size == 28 else 1
            layers += [
                nn.Conv2d(channels, width, kernel_size=3, padding=padding),
                nn.GroupNorm(width, width) if norm == "instance" else nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.AvgPool2d(2),
            ]
            size, channels = (size + 2 * (padding - 1)) // 2, width
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(width * size * size, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images).flatten(1))
