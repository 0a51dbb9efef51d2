"""3x3 convolution with a quarter of the multiplications: Winograd's F(4x4, 3x3) as matrix products.

A processor spends most of a ConvNet's training in 3x3 convolutions, at the limit of its arithmetic. Winograd's minimal
filtering (Lavin and Gray, arXiv 1509.09308, section 4.3) makes tiles of 4x4 outputs from 36 products a channel instead
of 144. Graphics cards do the same; torch does not on processors. Its rounding errors are some 1e-5 of the largest
value, against 1e-6 of the direct sum.

Images lie as (H, W, N, C): every transform is then one product of a small matrix with long rows, and what follows a
convolution (a norm of each image's channels, pooling) runs over whole rows too. All of it is differentiable.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

OUTPUTS, TILE = 4, 6
"""The side of a tile of outputs, and of the inputs it needs."""

INPUT = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
FILTER = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
OUTPUT = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]])
"""The transforms of the interpolation points 0, 1, -1, 2, -2 and infinity, transposed as in the paper."""


def transformed_filters(weight: torch.Tensor) -> torch.Tensor:
    """Filters as `convolve_3x3` multiplies with them: float (O, C, 3, 3), as in `nn.Conv2d`, to (36, O, C)."""
    features, channels = weight.shape[:2]
    return (_filter_transform(weight.dtype) @ weight.reshape(-1, 9).T).view(TILE * TILE, features, channels)


def convolve_3x3(images: torch.Tensor, filters: torch.Tensor) -> torch.Tensor:
    """The 3x3 convolution with stride 1 and zero padding 1, without bias: float (H, W, N, C) to (H, W, N, O).

    filters: float (36, O, C), from `transformed_filters`. H and W are equal and multiples of 4.
    """
    size, _, count, channels = images.shape
    features, tiles = filters.shape[1], size // OUTPUTS
    to_tiles, to_outputs = _image_transforms(size, images.dtype)
    rows = (to_tiles @ images.reshape(size, -1)).view(TILE * tiles, size, count * channels)
    both = torch.matmul(to_tiles, rows).view(TILE, tiles, TILE, tiles * count * channels)
    inputs = both.transpose(1, 2).reshape(TILE * TILE, tiles * tiles * count, channels)
    products: torch.Tensor = _Products.apply(inputs, filters)
    rows = (to_outputs @ products.view(TILE, -1)).view(OUTPUTS, TILE, -1)
    outputs = torch.matmul(to_outputs, rows).view(OUTPUTS, OUTPUTS, tiles, tiles, count * features)
    return outputs.permute(2, 0, 3, 1, 4).reshape(size, size, count, features)


class _Products(torch.autograd.Function):
    """inputs (36, rows, C) times filters (36, O, C): (36, rows, O). torch's own gradient would lie transposed."""

    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, filters: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(inputs, filters)
        return torch.bmm(inputs, filters.transpose(1, 2))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        inputs, filters = ctx.saved_tensors
        return torch.bmm(gradient, filters), torch.bmm(gradient.transpose(1, 2), inputs)


@cache
def _filter_transform(dtype: torch.dtype) -> torch.Tensor:
    """From the 9 weights of a filter to its 36 factors: (36, 9)."""
    return torch.from_numpy(np.kron(FILTER, FILTER)).to(dtype)


@cache
def _image_transforms(size: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """From a side of `size` to its tiles, padded with zeros: (6 * tiles, size); to outputs: (4, 6)."""
    tiles = size // OUTPUTS
    to_tiles = np.zeros((TILE, tiles, size + 2))
    for tile in range(tiles):
        to_tiles[:, tile, OUTPUTS * tile : OUTPUTS * tile + TILE] = INPUT
    inside = to_tiles[:, :, 1:-1].reshape(TILE * tiles, size)
    return torch.from_numpy(inside).to(dtype), torch.from_numpy(OUTPUT.astype(float)).to(dtype)
