"""A net that was trained on whitened images, as one that takes ordinary images."""

from __future__ import annotations

import torch
from torch import nn

from benchmark.training.zca import Whitening


class Whitened(nn.Module):
    """Logits (N, K) of float images (N, C, H, W) in [0, 1], for a net that takes whitened ones.

    Works in the module's precision: after `.double()` images are taken as float64 throughout.
    """

    mean: torch.Tensor
    matrix: torch.Tensor

    def __init__(self, net: nn.Module, whitening: Whitening) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", torch.from_numpy(whitening.mean).float())
        self.register_buffer("matrix", torch.from_numpy(whitening.matrix).float())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        count, channels, height, width = images.shape
        flat = images.to(self.mean.dtype).permute(0, 2, 3, 1).reshape(count, -1)  # the order of Whitening
        whitened = (flat - self.mean) @ self.matrix
        return self.net(whitened.view(count, height, width, channels).permute(0, 3, 1, 2))
