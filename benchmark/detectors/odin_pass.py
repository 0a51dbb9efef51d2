"""ODIN's own pass over images: logits of images moved a step towards the class that the net predicts."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmark.detectors.odin import Odin
from benchmark.errors import MettleError

NO_GRADIENT = 1e-9
"""Gradients this small beside an image's largest are rounding of 0, whose sign would be drawn by the processor."""


def odin_pass(
    module: nn.Module,
    images: NDArray[np.uint8],
    temperature: float = Odin.grid[0]["temperature"],
    epsilon: float = Odin.grid[0]["epsilon"],
    batch_size: int = 250,
) -> NDArray[np.float64]:
    """Logits float64 (N, K) of the images after ODIN's step; `Odin` turns them into scores.

    module: maps float images in [0, 1], (N, C, H, W), to logits (N, K). images: uint8 (N, H, W, C).
    The step is epsilon times the sign of the gradient of the largest log softmax at the temperature; it goes up, and
    is not clipped to [0, 1]. epsilon is in units of the [0, 1] image: for a net that normalizes its input by a
    standard deviation s, that is the step epsilon / s on the normalized input, which is how ODIN's and OpenOOD's code
    apply their .0014. Float64 on the processor; the images of a batch do not touch each other.
    Raises MettleError for images of another kind, and where a logit or gradient is NaN or infinite.
    """
    if images.dtype != np.uint8 or images.ndim != 4:
        raise MettleError("images", "must be uint8 (N, H, W, C)", f"{images.dtype} {images.shape}")
    exact = copy.deepcopy(module).to("cpu").double().eval().requires_grad_(False)
    logits = [
        _moved_logits(exact, images[start : start + batch_size], start, temperature, epsilon)
        for start in range(0, len(images), batch_size)
    ]
    return np.concatenate(logits) if logits else np.empty((0, 0))


def _moved_logits(
    module: nn.Module, images: NDArray[np.uint8], start: int, temperature: float, epsilon: float
) -> NDArray[np.float64]:
    pixels = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).double().contiguous() / 255
    pixels.requires_grad_(True)
    # Summed over the batch: every image's gradient is that of its own term.
    largest = torch.log_softmax(module(pixels) / temperature, dim=1).amax(dim=1).sum()
    (gradient,) = torch.autograd.grad(largest, pixels)
    _refuse_non_finite("gradients", gradient, start)
    with torch.inference_mode():
        clear = gradient.abs() > NO_GRADIENT * gradient.abs().amax(dim=(1, 2, 3), keepdim=True)
        logits = module(pixels.detach() + epsilon * torch.where(clear, gradient.sign(), 0.0))
    _refuse_non_finite("logits", logits, start)
    return logits.numpy()


def _refuse_non_finite(what: str, values: torch.Tensor, start: int) -> None:
    broken = (~values.detach().isfinite().flatten(1).all(dim=1)).nonzero()
    if len(broken):
        place = start + int(broken[0])
        raise MettleError("odin", f"{what} must be finite numbers", f"NaN or infinity for image {place}")
