"""From an architecture's name to an untrained network."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from torch import nn

from benchmark.errors import MettleError
from benchmark.models.architectures import external
from benchmark.models.architectures.airbench import AirbenchNet
from benchmark.models.architectures.cifar_resnet import CifarResNet
from benchmark.models.architectures.convnet import ConvNet
from benchmark.models.architectures.lenet import LeNet5
from benchmark.models.architectures.linear import LinearClassifier, MultilayerPerceptron
from benchmark.models.architectures.wide_resnet import WideResNet

LARGEST_WIDTH = 2048
RESNET_BLOCKS = {8: 1, 20: 3, 32: 5, 44: 7, 56: 9, 110: 18}


class Shape(TypedDict):
    """What a task asks of a network."""

    num_classes: int
    in_channels: int
    image_size: int


Numbers = list[int | None]
"""The numbers in a name, in order; None for one left out."""


@dataclass(frozen=True)
class Family:
    """A pattern of names, the names worth listing, and how the matched numbers become a network."""

    pattern: re.Pattern[str]
    listed: tuple[str, ...]
    build: Callable[[Numbers, Shape], nn.Module]


def _mlp(numbers: Numbers, shape: Shape) -> nn.Module:
    return MultilayerPerceptron(**shape, width=numbers[0] or 128)


def _convnet(numbers: Numbers, shape: Shape) -> nn.Module:
    return ConvNet(**shape, depth=numbers[0] or 3, width=numbers[1] or 128)


def _convnet_bn(numbers: Numbers, shape: Shape) -> nn.Module:
    return ConvNet(**shape, depth=numbers[0] or 3, width=numbers[1] or 128, norm="batch")


def _airbench(numbers: Numbers, shape: Shape) -> nn.Module:
    first, second, third = (number or 0 for number in numbers)
    return AirbenchNet(**shape, widths=(first, second, third))


def _resnet(numbers: Numbers, shape: Shape) -> nn.Module:
    return CifarResNet(**shape, blocks=(RESNET_BLOCKS[numbers[0] or 0],) * 3)


def _resnet18(numbers: Numbers, shape: Shape) -> nn.Module:  # noqa: ARG001 - one signature for all
    return CifarResNet(**shape, blocks=(2,) * 4, widths=(64, 128, 256, 512), projection=True)


def _wide_resnet(numbers: Numbers, shape: Shape) -> nn.Module:
    return WideResNet(**shape, depth=numbers[0] or 0, widening=numbers[1] or 0)


FAMILIES = (
    Family(re.compile("linear"), ("linear",), lambda _, shape: LinearClassifier(**shape)),
    Family(re.compile(r"mlp(?:_w([1-9]\d{0,3}))?"), ("mlp", "mlp_w64"), _mlp),
    Family(re.compile("lenet5"), ("lenet5",), lambda _, shape: LeNet5(**shape)),
    Family(
        re.compile(r"convnet([234])(?:_w([1-9]\d{0,3}))?"),
        ("convnet2", "convnet3", "convnet4", "convnet3_w32"),
        _convnet,
    ),
    Family(re.compile(r"convnet([234])_bn(?:_w([1-9]\d{0,3}))?"), ("convnet3_bn",), _convnet_bn),
    Family(
        re.compile(r"airbench_([1-9]\d{0,3})_([1-9]\d{0,3})_([1-9]\d{0,3})"),
        ("airbench_16_32_64", "airbench_32_64_64", "airbench_64_256_256"),
        _airbench,
    ),
    Family(
        re.compile("resnet(" + "|".join(map(str, RESNET_BLOCKS)) + ")"),
        tuple(f"resnet{depth}" for depth in RESNET_BLOCKS),
        _resnet,
    ),
    Family(re.compile("resnet18_cifar"), ("resnet18_cifar",), _resnet18),
    Family(re.compile(r"wrn_([1-9]\d{1,2})_([1-9]\d?)"), ("wrn_16_4", "wrn_28_10", "wrn_40_2"), _wide_resnet),
)


def names() -> list[str]:
    """The names of our own architectures, sorted; of families with free widths, the usual ones."""
    return sorted(name for family in FAMILIES for name in family.listed)


def build(name: str, *, num_classes: int, in_channels: int, image_size: int) -> nn.Module:
    """An untrained network: float images (N, in_channels, image_size, image_size) to logits (N, num_classes).

    Names are those of `names()`, widths free where a name holds numbers (`airbench_16_32_64`, `mlp_w64`), and
    `torchvision:<name>` or `timm:<name>`. Raises MettleError for an unknown name (with the nearest one), a
    missing package, and an image size that the architecture cannot take.
    """
    if ":" in name:
        return external.build(name, num_classes=num_classes, in_channels=in_channels, image_size=image_size)
    for family in FAMILIES:
        if not (matched := family.pattern.fullmatch(name)):
            continue
        numbers = [int(group) if group else None for group in matched.groups()]
        if max((number or 0 for number in numbers), default=0) > LARGEST_WIDTH:
            raise MettleError(f"architecture {name!r}", f"no width is above {LARGEST_WIDTH}")
        try:
            return family.build(
                numbers, {"num_classes": num_classes, "in_channels": in_channels, "image_size": image_size}
            )
        except (ValueError, RuntimeError) as error:
            problem = str(error).splitlines()[0]
            raise MettleError(
                f"architecture {name!r}",
                f"it cannot be built for {in_channels} x {image_size} x {image_size} images ({problem})",
                fix="Choose another architecture, or declare `resize`.",
            ) from error
    nearest = difflib.get_close_matches(name, names(), n=1, cutoff=0.4)
    raise MettleError(
        f"architecture {name!r}",
        "it is not one we know",
        fix=(f"Did you mean {nearest[0]!r}? " if nearest else "")
        + f"Known: {', '.join(names())}, torchvision:<name>, timm:<name>.",
    )
