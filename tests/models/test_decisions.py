"""Decisions must not move with the batch, and close calls must be settled the same way everywhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.metrics import CONFIDENCE_EDGES
from benchmark.models.architectures import build
from benchmark.models.decisions import NOISE_FLOAT32, Decider, depends_on_batch

IMAGES = np.random.default_rng(0).integers(0, 256, (300, 28, 28, 1)).astype(np.uint8)


def net(name: str = "resnet8") -> nn.Module:
    torch.manual_seed(0)
    return build(name, num_classes=10, in_channels=1, image_size=28).eval()


@pytest.mark.parametrize("name", ["mlp", "resnet8", "airbench_8_16_16"])
def test_equal_for_every_batch_size(name: str) -> None:
    module = net(name)
    runs = [Decider(module, CONFIDENCE_EDGES, size).decide(IMAGES, "x") for size in (1, 7, 300)]
    for run in runs[1:]:
        np.testing.assert_array_equal(run.predicted, runs[0].predicted)
        np.testing.assert_array_equal(run.confidence, runs[0].confidence)


@pytest.mark.parametrize("name", ["mlp", "resnet8", "convnet3", "resnet20"])
def test_float32_noise_stays_far_below_what_is_rechecked(name: str) -> None:
    module = build(name, num_classes=10, in_channels=1, image_size=28).eval()
    pixels = torch.from_numpy(IMAGES).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        single = module(pixels)
        exact = module.double()(pixels.double())
    error = float((single - exact).abs().max() / exact.abs().max().clamp(min=1))
    assert error < NOISE_FLOAT32 / 4


class Fixed(nn.Module):
    """The logits it was given, whatever the image; rounded to the precision it is run in."""

    def __init__(self, logits: list[list[float]]) -> None:
        super().__init__()
        self.logits = torch.tensor(logits, dtype=torch.float64)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        rows = (images[:, 0, 0, 0] * 255).round().long()
        return self.logits[rows].to(images.dtype)


def rows(count: int) -> np.ndarray:
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 28, 28, 1))


def test_close_calls_are_decided_in_float64_and_ties_go_to_the_lower_class() -> None:
    logits = [[1.0, 1.0, 0.0], [1.0, 1.0 + 1e-8, 0.0], [5.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    decisions = Decider(Fixed(logits), CONFIDENCE_EDGES).decide(rows(4), "x")
    assert decisions.predicted.tolist() == [0, 1, 0, 0]
    assert decisions.close_calls == 3


def test_confidence_is_the_middle_of_its_bin() -> None:
    wanted = np.array([0.37, 0.5, 0.77, 0.99, 0.9999999])
    logits = [[float(np.log(p)), float(np.log(1 - p) - np.log(2)), float(np.log(1 - p) - np.log(2))] for p in wanted]
    found = Decider(Fixed(logits), CONFIDENCE_EDGES).decide(rows(5), "x").confidence
    bins = np.searchsorted(CONFIDENCE_EDGES, wanted, side="right") - 1
    np.testing.assert_allclose(found, (CONFIDENCE_EDGES[bins] + CONFIDENCE_EDGES[bins + 1]) / 2)


def test_no_image_gives_no_decision() -> None:
    decisions = Decider(net("mlp"), CONFIDENCE_EDGES).decide(IMAGES[:0], "x")
    assert len(decisions.predicted) == 0


def test_honest_nets_do_not_depend_on_their_batch() -> None:
    assert depends_on_batch(net(), IMAGES[:16]) < NOISE_FLOAT32


def test_batch_norm_in_training_mode_does() -> None:
    assert depends_on_batch(net().train(), IMAGES[:16]) > 0.01
