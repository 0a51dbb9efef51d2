"""The ConvNet's quick way: the same function and gradients as its layers one after another."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from benchmark.models.architectures.convnet import ConvNet
from benchmark.models.architectures.instance_normalized import first_block, normalized_rectified_pooled
from benchmark.models.architectures.winograd import convolve_3x3, transformed_filters


def maps_first(images: torch.Tensor) -> torch.Tensor:
    """(N, C, H, W) as (H, W, N, C)."""
    return images.permute(2, 3, 0, 1).contiguous()


def layers_of(norm: nn.Module) -> nn.Sequential:
    return nn.Sequential(norm, nn.ReLU(), nn.AvgPool2d(2))


def norm_with_values(channels: int) -> nn.GroupNorm:
    norm = nn.GroupNorm(channels, channels).double()
    nn.init.normal_(norm.weight, 1)
    nn.init.normal_(norm.bias)
    return norm


@pytest.mark.parametrize("size", [4, 8, 16, 32])
def test_convolution_is_that_of_torch(size: int) -> None:
    torch.manual_seed(size)
    images = torch.randn(3, 5, size, size, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(7, 5, 3, 3, dtype=torch.float64, requires_grad=True)
    expected = functional.conv2d(images, weight, padding=1)
    found = convolve_3x3(maps_first(images), transformed_filters(weight)).permute(2, 3, 0, 1)
    assert torch.allclose(found, expected, atol=1e-12)
    outside = torch.randn_like(expected)
    for ours, theirs in zip(
        torch.autograd.grad(found, (images, weight), outside),
        torch.autograd.grad(expected, (images, weight), outside),
        strict=True,
    ):
        assert torch.allclose(ours, theirs, atol=1e-11)


def test_convolution_in_float32_keeps_five_digits() -> None:
    torch.manual_seed(0)
    images, weight = torch.randn(10, 128, 16, 16), torch.randn(128, 128, 3, 3) / 34
    exact = functional.conv2d(images.double(), weight.double(), padding=1)
    found = convolve_3x3(maps_first(images), transformed_filters(weight)).permute(2, 3, 0, 1)
    assert (found - exact).abs().max() < 5e-5 * exact.abs().max()


@pytest.mark.parametrize(("channels", "size", "padding"), [(1, 28, 3), (3, 32, 1), (1, 8, 1)])
def test_first_block_is_its_layers(channels: int, size: int, padding: int) -> None:
    torch.manual_seed(0)
    images = torch.randn(3, channels, size, size, dtype=torch.float64)
    convolution, norm = nn.Conv2d(channels, 6, 3, padding=padding).double(), norm_with_values(6)
    expected = layers_of(norm)(convolution(images))
    found = first_block(images, convolution.weight, norm.weight, norm.bias, padding).permute(2, 3, 0, 1)
    assert torch.allclose(found, expected, atol=1e-12)
    outside = torch.randn_like(expected)
    parameters = (convolution.weight, norm.weight, norm.bias)
    for ours, theirs in zip(
        torch.autograd.grad(found, parameters, outside),
        torch.autograd.grad(expected, parameters, outside),
        strict=True,
    ):
        assert torch.allclose(ours, theirs, atol=1e-10)


def test_later_blocks_are_their_layers_also_on_a_constant_map() -> None:
    torch.manual_seed(0)
    images = torch.randn(3, 6, 8, 8, dtype=torch.float64)
    images[1, 2] = 0.7
    images.requires_grad_()
    norm = norm_with_values(6)
    expected = layers_of(norm)(images)
    found = normalized_rectified_pooled(maps_first(images), norm.weight, norm.bias).permute(2, 3, 0, 1)
    assert torch.allclose(found, expected, atol=1e-9)
    outside = torch.randn_like(expected)
    inputs = (images, norm.weight, norm.bias)
    for ours, theirs in zip(
        torch.autograd.grad(found, inputs, outside), torch.autograd.grad(expected, inputs, outside), strict=True
    ):
        assert torch.allclose(ours, theirs, atol=1e-7)


@pytest.mark.parametrize(("channels", "size", "depth"), [(1, 28, 3), (3, 32, 3), (3, 32, 2), (3, 64, 4)])
def test_net_and_its_gradients_are_those_of_its_layers(channels: int, size: int, depth: int) -> None:
    torch.manual_seed(0)
    net = ConvNet(10, channels, size, depth=depth, width=16)
    images, labels = torch.randn(6, channels, size, size), torch.arange(6)

    def outcome(logits: torch.Tensor) -> list[np.ndarray]:
        net.zero_grad()
        functional.cross_entropy(logits, labels).backward()
        trained = [name for name, _ in net.named_parameters() if not is_bias_before_a_norm(name)]
        return [logits.detach().numpy(), *(net.get_parameter(name).grad.numpy() for name in trained)]  # type: ignore[union-attr]

    quick = outcome(net(images))
    plain = outcome(net.classifier(net.features(images).flatten(1)))
    for ours, theirs in zip(quick, plain, strict=True):
        assert np.allclose(ours, theirs, atol=3e-5 * np.abs(theirs).max())


def is_bias_before_a_norm(name: str) -> bool:
    block_layer = name.split(".")
    return block_layer[0] == "features" and int(block_layer[1]) % 4 == 0 and block_layer[2] == "bias"


@pytest.mark.parametrize(
    ("size", "norm", "dtype"),
    [(20, "instance", torch.float32), (32, "batch", torch.float32), (32, "instance", torch.float64)],
)
def test_other_nets_and_images_take_the_layers(size: int, norm: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    net = ConvNet(10, 3, size, width=8, norm=norm).to(dtype).eval()  # type: ignore[arg-type]
    images = torch.randn(2, 3, size, size, dtype=dtype)
    assert torch.equal(net(images), net.classifier(net.features(images).flatten(1)))


def test_images_with_a_gradient_take_the_layers_which_may_be_derived_twice() -> None:
    torch.manual_seed(0)
    net = ConvNet(10, 1, 28, width=8)
    images = torch.randn(2, 1, 28, 28, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(images).square().sum(), images, create_graph=True)
    (second,) = torch.autograd.grad(gradient.square().sum(), images)
    assert second.abs().max() > 0
