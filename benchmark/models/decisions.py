"""The top-1 class and confidence bin of each image, equal for every batch size, thread count and processor.

Float32 logits of one image differ in their last digits with the batch around it, because the kernels differ. That
moves a decision only where two classes, or a confidence and a bin's edge, are closer than the noise. Those close calls
are decided again in float64, whose noise is a billion times smaller; what is still tied there goes to the lower class.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from benchmark.errors import MettleError

NOISE_FLOAT32 = 5e-5
"""Largest expected logit difference between batch sizes, relative to the largest logit; 6e-6 was the most seen."""
NOISE_FLOAT64 = 1e-9


@dataclass(frozen=True)
class Decisions:
    """What a net decided about N images."""

    predicted: np.ndarray
    """int64 (N,): the class with the largest logit."""
    confidence: np.ndarray
    """float64 (N,): the largest softmax probability, as the middle of its bin `edges[b] <= p < edges[b + 1]`."""
    close_calls: int
    """How many images were decided in float64."""


@dataclass
class Decider:
    """Decides images with one net.

    module: maps float images in [0, 1], (N, C, H, W), to logits (N, classes); in eval mode.
    edges: increasing bin edges of the confidence, the first at most 0 and the last at least 1.
    """

    module: nn.Module
    edges: np.ndarray
    batch_size: int = 250
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def __post_init__(self) -> None:
        self.module = copy.deepcopy(self.module).to(self.device).eval()  # the caller's net stays as it is
        # GPUs cannot always run float64; the close calls are few, so the processor decides them everywhere.
        self._exact = copy.deepcopy(self.module).to("cpu").double().eval()

    def decide(self, images: np.ndarray, where: str) -> Decisions:
        """The decisions on `images`: uint8 (N, H, W, C).

        where: names the images in errors, for instance "cell gaussian_noise/3".
        Raises MettleError where a logit is NaN or infinite.
        """
        predicted = np.empty(len(images), dtype=np.int64)
        bins = np.empty(len(images), dtype=np.int64)
        close_calls = 0
        for start in range(0, len(images), self.batch_size):
            batch = images[start : start + self.batch_size]
            part = slice(start, start + len(batch))
            logits = self._logits(self.module, batch, torch.float32, self.device)
            self._refuse_non_finite(logits, start, where)
            predicted[part], bins[part], close = self._settle(logits, NOISE_FLOAT32)
            if close.any():
                exact = self._logits(self._exact, batch[close], torch.float64, torch.device("cpu"))
                self._refuse_non_finite(exact, start, where)
                positions = start + np.flatnonzero(close)
                predicted[positions], bins[positions], _ = self._settle(exact, NOISE_FLOAT64)
                close_calls += len(positions)
        middles = (self.edges[:-1] + self.edges[1:]) / 2
        return Decisions(predicted, middles[bins], close_calls)

    @torch.inference_mode()
    def _logits(self, module: nn.Module, images: np.ndarray, dtype: torch.dtype, device: torch.device) -> np.ndarray:
        pixels = torch.from_numpy(np.array(images)).to(device).permute(0, 3, 1, 2)
        return module(pixels.to(dtype).contiguous() / 255).cpu().numpy()

    def _settle(self, logits: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Classes, confidence bins, and which of them the noise could change."""
        logits = logits.astype(np.float64)
        tolerance = noise * np.maximum(1.0, np.abs(logits).max(axis=1))
        top = logits.max(axis=1)
        # argmax takes the first True: among classes that the noise cannot tell apart, the lowest.
        tied = logits >= (top - 2 * tolerance)[:, None]
        confidence = 1 / np.exp(logits - top[:, None]).sum(axis=1)
        # d softmax / d logit = p (1 - p), and two logits can move against each other.
        spread = 2 * tolerance * confidence * (1 - confidence) + noise * 1e-3
        inner = self.edges[1:-1]
        lower = np.searchsorted(inner, confidence - spread, side="right")
        bins = np.searchsorted(inner, confidence + spread, side="right")
        return tied.argmax(axis=1), bins, (tied.sum(axis=1) > 1) | (lower != bins)

    @staticmethod
    def _refuse_non_finite(logits: np.ndarray, start: int, where: str) -> None:
        broken = np.flatnonzero(~np.isfinite(logits).all(axis=1))
        if len(broken):
            raise MettleError(
                where,
                "logits must be finite numbers",
                f"NaN or infinity for image {start + broken[0]}",
                "Mend the weights.",
            )


@torch.inference_mode()
def depends_on_batch(module: nn.Module, images: np.ndarray, seed: int = 0) -> float:
    """How far logits move when an image's batch changes, relative to the largest logit; honest nets stay near 1e-6.

    images: uint8 (N, H, W, C); the first half is run alone, with the second half, and among darkened images.
    """
    device = next(iter(module.parameters()), torch.empty(0)).device
    pixels = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).to(device).float().contiguous() / 255
    half = len(pixels) // 2
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(pixels))).to(device)
    alone = torch.cat([module(image[None]) for image in pixels[:half]])
    mixed = module(pixels[order])[torch.argsort(order)][:half]
    beside_dark = module(torch.cat([pixels[:half], pixels[half:] * 0.1]))[:half]
    scale = max(1.0, float(alone.abs().max()))
    return max(float((alone - mixed).abs().max()), float((alone - beside_dark).abs().max())) / scale
