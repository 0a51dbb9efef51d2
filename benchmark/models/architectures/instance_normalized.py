"""Blocks of convolution, instance norm, ReLU and 2x2 mean pooling, in as few passes over memory as they need.

What `nn.Conv2d`, `nn.GroupNorm`, `nn.ReLU` and `nn.AvgPool2d` give one after another, up to rounding, and so do the
gradients. On one core these layers take as long as the arithmetic does, because each reads and writes every value.
A convolution's bias has no part in it: the norm takes it away again.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

EPSILON = 1e-5
"""Added to a variance, as `nn.GroupNorm` does."""


def first_block(
    images: torch.Tensor, weight: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor, padding: int
) -> torch.Tensor:
    """The block on images of few channels: float (N, C, H, W) to (H', W', N, O), where H' = W' are half of the map.

    A linear function of patches has its variance from the patches' covariances, so the norm is a scaling of each
    image's weights, and the map is written once, normalized. weight: (O, C, 3, 3). scale, shift: (O,), the norm's.
    """
    count = len(images)
    patches = functional.unfold(images, 3, padding=padding)
    positions = patches.shape[2]
    patches = patches - patches.mean(2, keepdim=True)
    covariances = torch.bmm(patches, patches.transpose(1, 2)) / positions
    flat = weight.flatten(1)
    variances = (torch.matmul(flat, covariances) * flat).sum(2)
    normalizing = scale * torch.rsqrt(variances + EPSILON)
    weights = torch.cat([flat.T * normalizing[:, None], shift.expand(count, 1, -1)], 1)
    with_one = torch.cat([patches, patches.new_ones(count, 1, positions)], 1).transpose(1, 2).contiguous()
    pooled: torch.Tensor = _RectifiedMeansOfProducts.apply(with_one, weights)
    return pooled.permute(1, 2, 0, 3).contiguous()


def normalized_rectified_pooled(maps: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Instance norm, ReLU and 2x2 means of maps: float (H, W, N, C) to (H / 2, W / 2, N, C); scale, shift: (C,)."""
    size, _, count, channels = maps.shape
    pooled: torch.Tensor = _NormalizedRectifiedMeans.apply(maps.flatten(0, 1), scale, shift)
    return pooled.view(size // 2, size // 2, count, channels)


def _sums(values: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    """Sums of 2x2 positions: (H, W, rows) to (H / 2, W / 2, rows); additions of whole rows."""
    size, _, length = values.shape
    lines = values.view(size // 2, 2, size, length)
    halves = (lines[:, 0] + lines[:, 1]).view(size // 2, size // 2, 2, length)
    return torch.add(halves[:, :, 0], halves[:, :, 1], out=out)


def _gradient_before(gradient: torch.Tensor, rectified: torch.Tensor) -> torch.Tensor:
    """The gradient before ReLU and sums; gradient: of the sums. What is not above 0 in `rectified` has none."""
    size, _, length = rectified.shape
    half = size // 2
    spread = gradient.view(half, 1, half, 1, length).expand(half, 2, half, 2, length)
    # ReLU's own derivative reads the small gradient in place, without an array of the large size for it.
    found: torch.Tensor = torch.ops.aten.threshold_backward(spread, rectified.view(spread.shape), 0)
    return found.view(rectified.shape)


class _RectifiedMeansOfProducts(torch.autograd.Function):
    """patches (N, H * W, K) @ weights (N, K, O), ReLU and 2x2 means, (N, H / 2, W / 2, O); no gradient for patches.

    One image after another, whose map stays in the cache; it is made again for the gradient, which is quicker than
    keeping it.
    """

    @staticmethod
    def forward(ctx: Any, patches: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(patches, weights)
        count, positions, features = len(patches), patches.shape[1], weights.shape[2]
        side = math.isqrt(positions)
        found = patches.new_empty(count, side // 2, side // 2, features)
        image_map = patches.new_empty(positions, features)
        for own, by, pooled in zip(patches, weights, found, strict=True):
            torch.mm(own, by, out=image_map).relu_()
            _sums(image_map.view(side, side, features), out=pooled)
        return found.mul_(0.25)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[None, torch.Tensor]:
        patches, weights = ctx.saved_tensors
        positions, features = patches.shape[1], weights.shape[2]
        side = math.isqrt(positions)
        found, image_map = torch.empty_like(weights), patches.new_empty(positions, features)
        for own, by, pooled, of_weights in zip(patches, weights, gradient * 0.25, found, strict=True):
            torch.mm(own, by, out=image_map)
            before = _gradient_before(pooled, image_map.view(side, side, features))
            torch.mm(own.T, before.view(positions, features), out=of_weights)
        return None, found


class _NormalizedRectifiedMeans(torch.autograd.Function):
    """(H * W, N, C), scale (C,) and shift (C,) to (H / 2, W / 2, N * C)."""

    @staticmethod
    def forward(ctx: Any, maps: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        positions, side = len(maps), math.isqrt(len(maps))
        centred = maps - maps.mean(0)
        variances = (centred * centred).sum(0) / positions
        inverse = torch.rsqrt(variances + EPSILON)
        rectified = torch.addcmul(shift, centred, scale * inverse).relu_().view(side, side, -1)
        ctx.save_for_backward(centred, rectified, scale, inverse)
        return _sums(rectified).mul_(0.25)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        centred, rectified, scale, inverse = ctx.saved_tensors
        positions, factor = len(centred), scale * inverse
        normalized = _gradient_before(gradient * 0.25, rectified).view(centred.shape)
        of_shift = normalized.sum(0)
        of_scale = (normalized * centred).sum(0) * inverse
        # The norm's derivative: factor * (g - mean(g) - z * mean(g * z)) with z = centred * inverse.
        before = torch.addcmul(factor * of_shift / -positions, centred, factor * inverse * of_scale / -positions)
        return before.addcmul_(normalized, factor), of_scale.sum(0), of_shift.sum(0)
