"""The ConvNet of the dataset distillation literature: the standard judge of a distilled set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from benchmark.models.architectures.instance_normalized import first_block, normalized_rectified_pooled
from benchmark.models.architectures.winograd import OUTPUTS, convolve_3x3, transformed_filters

IN_CACHE = 10
"""Images whose maps stay in a core's cache: .6 ms an image of 28 pixels at width 128, against 1.5 for 250 at once."""


class ConvNet(nn.Module):
    """`depth` blocks of 3x3 convolution, norm, ReLU and 2x2 average pooling, then a linear layer.

    Source: DC (arXiv 2006.05929) and DC-BENCH (arXiv 2207.09639), whose keys (`features.N`, `classifier`) these
    are. Instance norm is GroupNorm with one group a channel and a learned scale and shift, without running
    statistics, which batch norm has. Parameters at depth 3, with either norm: 317,706 for 28x28x1 and 320,010 for
    32x32x3, 10 classes.
    Images of 28 pixels are padded to 32 by the first convolution. There it is the channel count that decides;
    here it is the size, so that a coloured 28x28 image works too.
    With instance norm, float32 images on a processor take a faster way to the same numbers, up to rounding:
    `winograd.py` and `instance_normalized.py`. Images that need a gradient themselves take the layers as they are, and
    the biases of convolutions, which the norm takes away, have no gradient.
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
        self.norm, self.depth = norm, depth
        self.padded_size = 32 if image_size == 28 else image_size
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
        if not self._is_quick(images):
            features = self.features(images)
        else:
            size = len(images) if torch.is_grad_enabled() else IN_CACHE
            features = self._quick_features(images.split(size))
        return self.classifier(features.flatten(1))

    def _is_quick(self, images: torch.Tensor) -> bool:
        sides = [self.padded_size >> block for block in range(1, self.depth)]
        return (
            self.norm == "instance"
            and images.device.type == "cpu"
            and images.dtype == torch.float32
            and not images.requires_grad
            and not torch.is_autocast_enabled("cpu")
            and self.padded_size % 2 == 0
            and all(side % OUTPUTS == 0 for side in sides)
        )

    def _quick_features(self, parts: Sequence[torch.Tensor]) -> torch.Tensor:
        """`self.features` of images in parts that are computed one after another, float (N, width, size, size)."""
        (first, *others) = (layer for layer in self.features if isinstance(layer, nn.Conv2d))
        (first_norm, *norms) = (layer for layer in self.features if isinstance(layer, nn.GroupNorm))
        filters = [transformed_filters(convolution.weight) for convolution in others]
        found = []
        for images in parts:
            maps = first_block(images, first.weight, first_norm.weight, first_norm.bias, int(first.padding[0]))
            for factors, norm in zip(filters, norms, strict=True):
                maps = normalized_rectified_pooled(convolve_3x3(maps, factors), norm.weight, norm.bias)
            found.append(maps.permute(2, 3, 0, 1))
        return torch.cat(found)
