"""Nets that see only the luma of colour images: grey training images, and weights that take colour ones."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from benchmark.errors import MettleError

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue (ITU-R BT.601), whose sum is one."""


def luma_of(images: np.ndarray) -> np.ndarray:
    """The luma of uint8 (N, H, W, 3), rounded, in all three channels."""
    shares = torch.tensor(LUMA)
    blocks = torch.from_numpy(images).split(1000)
    grey = torch.cat([(block.float() * shares).sum(3, keepdim=True).round() for block in blocks]).to(torch.uint8)
    return grey.expand(-1, -1, -1, len(LUMA)).numpy()


@torch.no_grad()
def fold_luma(net: nn.Module) -> None:
    """Changes the first layer so that the net gives for a colour image what it gave for the image's luma.

    Exact where one mean and one standard deviation serve all channels. Raises MettleError for a net whose first layer
    with weights is no convolution over three channels.
    """
    first = next((module for module in net.modules() if isinstance(module, nn.Conv2d | nn.Linear)), None)
    if not isinstance(first, nn.Conv2d) or first.in_channels != len(LUMA):
        raise MettleError(
            "luma_only", "the first layer must be a convolution over three channels", type(first).__name__
        )
    shares = torch.tensor(LUMA).view(1, 3, 1, 1)
    first.weight.copy_(first.weight.sum(1, keepdim=True) * shares)
