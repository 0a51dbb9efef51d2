"""A submitted net as protocols use it: decisions, or logits and penultimate features, of uint8 images."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import nn

from benchmark.errors import MettleError
from benchmark.metrics import CONFIDENCE_EDGES
from benchmark.models.decisions import Decider, Decisions

HEAD_TOLERANCE = 1e-9
"""Largest difference, relative to the largest logit, between a net's logits and a linear map of its features."""
PROBE_IMAGES = 16


@dataclass(frozen=True)
class Outputs:
    """What one pass of a net says about N images.

    logits: float64 (N, K). features: float32 (N, D), the input of the net's last linear layer, flattened.
    """

    logits: np.ndarray
    features: np.ndarray


@dataclass(frozen=True)
class Head:
    """The last linear map of a net: logits = features @ weight.T + bias; float64 (K, D) and (K,)."""

    weight: np.ndarray
    bias: np.ndarray


@dataclass
class Net:
    """One net in eval mode; module: float images in [0, 1], (N, channels, size, size), to logits (N, K).

    Passes that keep logits and features run in float64 on the processor: their noise is a billion times smaller than
    float32's, so that orders of scores, and with them every rank statistic, are equal for all batch sizes and machines.
    """

    module: nn.Module
    channels: int
    image_size: int
    batch_size: int = 250
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    images_seen: int = 0
    """How many images `outputs` has passed through the net, in this process."""

    @cached_property
    def _decider(self) -> Decider:
        return Decider(self.module, CONFIDENCE_EDGES, self.batch_size, self.device)

    @cached_property
    def exact(self) -> nn.Module:
        """The net in float64, on the processor."""
        return copy.deepcopy(self.module).to("cpu").double().eval()

    def decide(self, images: np.ndarray, where: str) -> Decisions:
        """Top-1 classes and confidences of uint8 (N, H, W, C), in float32 with close calls settled in float64."""
        return self._decider.decide(images, where)

    @torch.inference_mode()
    def outputs(self, images: np.ndarray, where: str) -> Outputs:
        """Logits and penultimate features of uint8 (N, H, W, C).

        where: names the images in errors. Raises MettleError where a logit or feature is NaN or infinite, and for a
        net without a linear layer.
        """
        logits, features = [], []
        for start in range(0, len(images), self.batch_size):
            batch = images[start : start + self.batch_size]
            given, answer = self._forward(batch)
            for name, values in (("features", given), ("logits", answer)):
                broken = np.flatnonzero(~np.isfinite(values).all(axis=1))
                if len(broken):
                    value = f"NaN or infinity for image {start + broken[0]}"
                    raise MettleError(where, f"{name} must be finite numbers", value, "Mend the weights.")
            logits.append(answer)
            features.append(given.astype(np.float32))
            self.images_seen += len(batch)
        return Outputs(np.concatenate(logits), np.concatenate(features))

    @torch.inference_mode()
    def head(self) -> Head | None:
        """The linear map from features to logits; None where the logits are not one.

        The last linear layer, times the factor that some nets put behind it, checked on random images.
        """
        layer = self._last_linear
        rng = np.random.Generator(np.random.PCG64(0))
        probe = rng.integers(0, 256, (PROBE_IMAGES, self.image_size, self.image_size, self.channels), dtype=np.uint8)
        assert isinstance(layer.weight, torch.Tensor)
        weight = layer.weight.numpy()
        bias = layer.bias.numpy() if layer.bias is not None else np.zeros(len(weight))
        features, logits = self._forward(probe)
        if features.shape[1] != weight.shape[1] or logits.shape[1] != len(weight):
            return None
        linear = features @ weight.T + bias
        norm = float((linear**2).sum())
        factor = float((linear * logits).sum()) / norm if norm else 1.0
        if np.abs(factor * linear - logits).max() > HEAD_TOLERANCE * max(1.0, np.abs(logits).max()):
            return None
        return Head(factor * weight, factor * bias)

    @cached_property
    def _last_linear(self) -> nn.Linear:
        layers = [module for module in self.exact.modules() if isinstance(module, nn.Linear)]
        if not layers:
            raise MettleError("the net", "features are the input of its last linear layer", "no linear layer")
        return layers[-1]

    def _forward(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Features and logits in float64."""
        seen: list[torch.Tensor] = []
        hook = self._last_linear.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        try:
            pixels = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2)
            logits = self.exact(pixels.double().contiguous() / 255)
        finally:
            hook.remove()
        if len(seen) != 1:
            raise MettleError("the net", "its last linear layer runs once an image", f"{len(seen)} times")
        return seen[0].flatten(1).numpy(), logits.numpy()
