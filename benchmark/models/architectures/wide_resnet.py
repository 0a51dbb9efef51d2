"""Wide residual nets, the usual large model of corruption and robustness papers on CIFAR."""

from __future__ import annotations

import torch
from torch import nn


class PreActivationBlock(nn.Module):
    """Batch norm and ReLU before each of two 3x3 convolutions, beside an identity or 1x1 shortcut."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.convShortcut = (
            nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False) if in_channels != out_channels else None
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        activated = torch.relu(self.bn1(images))
        hidden = self.conv2(torch.relu(self.bn2(self.conv1(activated))))
        # The projection sees the activated input, the identity the raw one (Zagoruyko's code, since 2016).
        return hidden + (images if self.convShortcut is None else self.convShortcut(activated))


class Stage(nn.Module):
    """A chain of blocks of one width, under the key `layer`."""

    def __init__(self, count: int, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.layer = nn.Sequential(
            PreActivationBlock(in_channels, out_channels, stride),
            *(PreActivationBlock(out_channels, out_channels, 1) for _ in range(count - 1)),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer(images)


class WideResNet(nn.Module):
    """WRN-`depth`-`widening`: three stages of (depth - 4) / 6 blocks, widths 16k, 32k, 64k.

    Source: Zagoruyko and Komodakis, arXiv 1605.07146; no dropout, which evaluation does not see. Keys (`block1.
    layer.0.conv1`, `bn1`, `fc`) are those of xternalz/WideResNet-pytorch, which AugMix and RobustBench use.
    Parameters on CIFAR-10: 36,479,194 for WRN-28-10, 2,243,546 for WRN-40-2.
    """

    def __init__(self, num_classes: int, in_channels: int, image_size: int, *, depth: int, widening: int) -> None:
        super().__init__()
        if depth < 10 or (depth - 4) % 6:
            raise ValueError(f"the depth of a wide residual net is 6n + 4 with n >= 1, not {depth}")
        if image_size < 4:
            raise ValueError(f"two halvings need more than {image_size} pixels")
        count = (depth - 4) // 6
        self.conv1 = nn.Conv2d(in_channels, 16, 3, padding=1, bias=False)
        self.block1 = Stage(count, 16, 16 * widening, 1)
        self.block2 = Stage(count, 16 * widening, 32 * widening, 2)
        self.block3 = Stage(count, 32 * widening, 64 * widening, 2)
        self.bn1 = nn.BatchNorm2d(64 * widening)
        self.fc = nn.Linear(64 * widening, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = self.block3(self.block2(self.block1(self.conv1(images))))
        return self.fc(torch.relu(self.bn1(hidden)).mean(dim=(2, 3)))
