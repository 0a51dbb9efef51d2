"""Residual nets for 32x32 images: ResNet-20 to -110 of the original paper, and ResNet-18 with a 3x3 stem."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class SubsampleAndPad(nn.Module):
    """Option A of He et al. (section 3.3): every other pixel, new channels zero; it has no parameters."""

    def __init__(self, new_channels: int) -> None:
        super().__init__()
        self.before = new_channels // 2
        self.after = new_channels - self.before

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return functional.pad(images[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm beside a shortcut."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, *, projection: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut: nn.Module = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = (
                nn.Sequential(
                    nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                    nn.BatchNorm2d(out_channels),
                )
                if projection
                else SubsampleAndPad(out_channels - in_channels)
            )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(images)))))
        return torch.relu(hidden + self.shortcut(images))


class CifarResNet(nn.Module):
    """A 3x3 stem, stages of `blocks` BasicBlocks with the given widths, global average pooling, linear layer.

    Source: He et al. 2015 (arXiv 1512.03385), section 4.2: depth 6n + 2, widths 16, 32, 64, shortcut option A.
    The keys (`conv1`, `bn1`, `layer1.0.conv1`, ..., `linear`) are those of the widely used checkpoints of
    akamaster/pytorch_resnet_cifar10 (option A) and of ResNet-18 in kuangliu/pytorch-cifar (`projection`).
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        image_size: int,
        *,
        blocks: tuple[int, ...],
        widths: tuple[int, ...] = (16, 32, 64),
        projection: bool = False,
    ) -> None:
        super().__init__()
        if image_size < 2 ** (len(widths) - 1):
            raise ValueError(f"{len(widths) - 1} halvings need more than {image_size} pixels")
        self.conv1 = nn.Conv2d(in_channels, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        channels = widths[0]
        self.stages: list[str] = []
        for stage, (count, width) in enumerate(zip(blocks, widths, strict=True), start=1):
            layers = []
            for block in range(count):
                stride = 2 if stage > 1 and block == 0 else 1
                layers.append(BasicBlock(channels, width, stride, projection=projection))
                channels = width
            self.stages.append(f"layer{stage}")
            self.add_module(f"layer{stage}", nn.Sequential(*layers))
        self.linear = nn.Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.bn1(self.conv1(images)))
        for stage in self.stages:
            hidden = self.get_submodule(stage)(hidden)
        return self.linear(hidden.mean(dim=(2, 3)))
