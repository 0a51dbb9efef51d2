"""What a net costs to run."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


@torch.inference_mode()
def flops_per_image(module: nn.Module, shape: tuple[int, int, int]) -> int:
    """Floating-point operations of one forward pass of one image of `shape` (C, H, W), lower is cheaper.

    A multiplication and an addition count as two. Only matrix products and convolutions are counted
    (torch.utils.flop_counter); norms, activations and pooling are a few per cent more.
    """
    parameter = next(module.parameters(), torch.empty(0))
    image = torch.full((1, *shape), 0.5, dtype=parameter.dtype, device=parameter.device)
    with FlopCounterMode(display=False) as counter:
        module(image)
    return int(counter.get_total_flops())
