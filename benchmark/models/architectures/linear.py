"""Networks without convolutions: a linear classifier and the multilayer perceptron of the distillation literature."""

from __future__ import annotations

import torch
from torch import nn


class LinearClassifier(nn.Module):
    """Logits that are linear in the pixels: softmax regression, the weakest honest model."""

    def __init__(self, num_classes: int, in_channels: int, image_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(in_channels * image_size * image_size, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.linear(images.flatten(1))


class MultilayerPerceptron(nn.Module):
    """Two hidden layers of `width` units with ReLU (DC, arXiv 2006.05929, uses 128).

    Keys `fc_1`, `fc_2`, `fc_3` are those of that paper's checkpoints.
    """

    def __init__(self, num_classes: int, in_channels: int, image_size: int, *, width: int = 128) -> None:
        super().__init__()
        self.fc_1 = nn.Linear(in_channels * image_size * image_size, width)
        self.fc_2 = nn.Linear(width, width)
        self.fc_3 = nn.Linear(width, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.fc_1(images.flatten(1)))
        return self.fc_3(torch.relu(self.fc_2(hidden)))
