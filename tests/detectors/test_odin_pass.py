"""ODIN's pass: the step by finite differences, its unit, and independence of the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.detectors import DETECTORS, Fit
from benchmark.detectors.odin_pass import odin_pass
from benchmark.errors import MettleError
from benchmark.metrics.detection import auroc


class Normalized(nn.Module):
    """Divides by a standard deviation first, as most nets do; the rest is smooth, so that differences are exact."""

    def __init__(self, deviation: float = 0.25) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.deviation = deviation
        self.body = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Softplus(), nn.Flatten(), nn.Linear(4 * 36, 5))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.body((images - 0.5) / self.deviation)


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 1), dtype=np.uint8)


def logits_of(module: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """pixels: float64 (N, C, H, W) in [0, 1]."""
    with torch.inference_mode():
        return module.double()(torch.from_numpy(pixels)).numpy()


def test_the_step_goes_up_the_largest_log_softmax() -> None:
    module, shown = Normalized(), images(3)
    pixels = shown.transpose(0, 3, 1, 2) / 255
    temperature, epsilon, difference = 10.0, 0.002, 1e-5

    def objective(values: np.ndarray) -> np.ndarray:
        scaled = logits_of(module, values) / temperature
        return scaled.max(axis=1) - np.log(np.exp(scaled).sum(axis=1))

    steps = difference * np.eye(64).reshape(64, 1, 8, 8)
    slopes = np.stack([objective(image + steps) - objective(image - steps) for image in pixels])
    moved = pixels + epsilon * np.sign(slopes).reshape(pixels.shape)
    found = odin_pass(module, shown, temperature, epsilon)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, logits_of(module, moved), rtol=0, atol=1e-12)


def test_epsilon_is_in_units_of_the_image() -> None:
    """A step of epsilon on the image is one of epsilon / s on what a net behind the normalization sees."""
    shown = images(4)
    pixels = shown.transpose(0, 3, 1, 2) / 255
    wide, narrow = Normalized(0.5).double(), Normalized(0.25).double()
    signs = torch.from_numpy((pixels - 0.5) / 0.25).requires_grad_(True)
    narrow.body(signs).log_softmax(1).amax(1).sum().backward()
    assert signs.grad is not None
    with torch.inference_mode():
        normalized = signs + 0.01 / 0.25 * signs.grad.sign()
        expected = narrow.body(normalized).numpy()
    np.testing.assert_allclose(odin_pass(narrow, shown, 1.0, 0.01), expected, rtol=0, atol=1e-12)
    assert not np.allclose(odin_pass(wide, shown, 1.0, 0.01), expected)


def test_no_step_gives_the_plain_logits() -> None:
    module, shown = Normalized(), images(5)
    np.testing.assert_allclose(
        odin_pass(module, shown, epsilon=0.0), logits_of(module, shown.transpose(0, 3, 1, 2) / 255), atol=1e-13
    )


def test_batches_do_not_matter_and_the_net_stays_as_it_is() -> None:
    module, shown = Normalized(), images(23)
    module.train()
    before = [parameter.clone() for parameter in module.parameters()]
    whole = odin_pass(module, shown)
    for batch_size in (1, 6, 22):
        np.testing.assert_allclose(odin_pass(module, shown, batch_size=batch_size), whole, rtol=0, atol=1e-12)
    assert np.array_equal(odin_pass(module, shown), whole)
    assert module.training
    for parameter, old in zip(module.parameters(), before, strict=True):
        assert torch.equal(parameter, old)
        assert parameter.requires_grad
        assert parameter.grad is None


def test_pixels_without_influence_are_not_moved() -> None:
    """A gradient that is 0 but for rounding has no sign: the two weights of this pixel cancel."""

    class Cancelling(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            seen = pixels[:, 0, 0, 0] * 3
            hidden = pixels[:, 0, 0, 1]
            ghost = hidden * 0.1 + hidden * 0.2 - hidden * 0.3  # 5e-17 times the pixel in float64
            return torch.stack([seen + ghost, torch.zeros_like(seen), 1e12 * hidden - 1e13], dim=1)

    shown = np.full((1, 8, 8, 1), 100, dtype=np.uint8)
    found = odin_pass(Cancelling(), shown, temperature=1.0, epsilon=0.01)
    assert found[0, 2] == pytest.approx(1e12 * 100 / 255 - 1e13, rel=1e-15)
    assert found[0, 0] == pytest.approx(3 * (100 / 255 + 0.01), abs=1e-12)


def test_images_of_no_class_score_higher_after_the_step() -> None:
    rng = np.random.default_rng(3)
    patterns = rng.normal(0, 1, (3, 64))
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).double()
    with torch.no_grad():
        module[1].weight.copy_(torch.from_numpy(patterns))
        module[1].bias.copy_(torch.from_numpy(-0.5 * patterns.sum(axis=1)))
    signal = patterns[rng.integers(0, 3, 300)] * 25
    inside = np.clip(128 + signal + rng.normal(0, 40, (300, 64)), 0, 255).astype(np.uint8).reshape(-1, 8, 8, 1)
    outside = np.clip(128 + rng.normal(0, 47, (300, 64)), 0, 255).astype(np.uint8).reshape(-1, 8, 8, 1)
    zeros = np.zeros((3, 3))
    fitted = DETECTORS["odin"].fit(Fit(zeros, None, np.arange(3)))
    assert auroc(*(fitted.score(odin_pass(module, part)) for part in (inside, outside))) > 0.9


@pytest.mark.parametrize("kind", ["float", "flat"])
def test_other_images_are_refused(kind: str) -> None:
    wrong = images(2).astype(np.float32) if kind == "float" else images(2)[..., 0]
    with pytest.raises(MettleError, match="uint8"):
        odin_pass(Normalized(), wrong)


def test_nan_is_refused_with_its_image() -> None:
    class Breaking(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            total = pixels.sum(dim=(1, 2, 3))
            return torch.stack([total, (total - 1).sqrt()], dim=1)

    shown = images(5)
    shown[3] = 0
    with pytest.raises(MettleError, match="image 3"):
        odin_pass(Breaking(), shown, batch_size=2)
