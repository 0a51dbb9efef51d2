"""Architectures of torchvision and timm, by name, without their pretrained weights."""

from __future__ import annotations

import difflib
import importlib
from types import ModuleType

from torch import nn

from benchmark.errors import MettleError

INSTALL = {"torchvision": "pip install torchvision", "timm": "pip install timm"}


def _package(prefix: str, name: str) -> ModuleType:
    if prefix not in INSTALL:
        raise MettleError(
            f"architecture {name!r}", "the prefix is torchvision: or timm:", repr(f"{prefix}:"),
            "Hub and local folders are not read: give the weights by url, hub or path instead.",
        )  # fmt: skip
    try:
        return importlib.import_module(prefix)
    except ImportError as error:
        raise MettleError(
            f"architecture {name!r}", f"it needs the package {prefix} ({error})", fix=f"Run `{INSTALL[prefix]}`."
        ) from error


def _require(short: str, known: list[str], name: str) -> None:
    # Only plain names: timm would otherwise follow hf-hub: and local-dir: to files that nobody has hashed.
    if short in known:
        return
    prefix = name.partition(":")[0]
    nearest = difflib.get_close_matches(short, known, n=1, cutoff=0.4)
    raise MettleError(
        f"architecture {name!r}",
        f"the installed {prefix} has no such model",
        fix=f"Did you mean '{prefix}:{nearest[0]}'?" if nearest else f"See the list of models of {prefix}.",
    )


def _torchvision(models: ModuleType, short: str, num_classes: int) -> nn.Module:
    extra = {}
    if short in ("googlenet", "inception_v3"):
        # Their auxiliary heads make the output of training mode a tuple; the checkpoints' keys include them.
        extra = {"init_weights": False}
    return models.get_model(short, weights=None, num_classes=num_classes, **extra)


def _timm(package: ModuleType, short: str, num_classes: int, in_channels: int, image_size: int) -> nn.Module:
    defaults = package.get_pretrained_cfg(short)
    # Vision transformers have one size of input, which their position embedding fixes.
    fixed = defaults is not None and getattr(defaults, "fixed_input_size", False)
    size = {"img_size": image_size} if fixed else {}
    return package.create_model(short, pretrained=False, num_classes=num_classes, in_chans=in_channels, **size)


def build(name: str, *, num_classes: int, in_channels: int, image_size: int) -> nn.Module:
    """An untrained torchvision or timm network of the name behind the colon.

    Raises MettleError for a missing package, an unknown name, and channels that the model cannot take.
    """
    prefix, _, short = name.partition(":")
    package = _package(prefix, name)
    if prefix == "timm":
        _require(short, package.list_models(), name)
        return _timm(package, short, num_classes, in_channels, image_size)
    models = importlib.import_module("torchvision.models")
    _require(short, models.list_models(module=models), name)
    if in_channels != 3:
        raise MettleError(
            f"architecture {name!r}", "torchvision's models take 3 channels", in_channels,
            "Declare `in_channels = 3`: grey images are then repeated to three channels.",
        )  # fmt: skip
    return _torchvision(models, short, num_classes)
