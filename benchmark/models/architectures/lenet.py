"""LeNet-5 in its modern form: ReLU and max pooling instead of tanh and learned subsampling."""

from __future__ import annotations

import torch
from torch import nn


class LeNet5(nn.Module):
    """Two 5x5 convolutions (6 and 16 filters) and dense layers of 120, 84 and `num_classes` units.

    Source: LeCun et al. 1998, figure 2; 61,706 parameters for 28x28x1 and 10 classes. Images of 28 pixels are
    padded to 32, as in the paper; other sizes are taken as they are.
    """

    def __init__(self, num_classes: int, in_channels: int, image_size: int) -> None:
        super().__init__()
        padding = 2 if image_size == 28 else 0
        first = (image_size + 2 * padding - 4) // 2
        second = (first - 4) // 2
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 6, kernel_size=5, padding=padding),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 16, kernel_size=5),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.fc_1 = nn.Linear(16 * second * second, 120)
        self.fc_2 = nn.Linear(120, 84)
        self.fc_3 = nn.Linear(84, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.fc_1(self.features(images).flatten(1)))
        return self.fc_3(torch.relu(self.fc_2(hidden)))
