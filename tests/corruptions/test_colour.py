"""Brightness, contrast and saturation against the standard library's colour conversion."""

from __future__ import annotations

import colorsys
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from benchmark.corruptions import corrupt

Photos = Callable[..., npt.NDArray[np.uint8]]


def _through_hsv(
    image: npt.NDArray[np.uint8], change: Callable[[float, float, float], tuple[float, float, float]]
) -> npt.NDArray[np.float64]:
    pixels = [colorsys.hsv_to_rgb(*change(*colorsys.rgb_to_hsv(*(pixel / 255.0)))) for pixel in image.reshape(-1, 3)]
    return 255.0 * np.array(pixels).reshape(image.shape)


@pytest.fixture
def random_pixels() -> npt.NDArray[np.uint8]:
    pixels = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    pixels[0, 0, :3] = [[0, 0, 0], [255, 255, 255], [0, 0, 9]]
    return pixels


@pytest.mark.parametrize("amount", [0.05, 0.3, 0.9])
def test_brightness_raises_the_value_of_hsv(amount: float, random_pixels: npt.NDArray[np.uint8]) -> None:
    made = corrupt(random_pixels, "brightness", {"amount": amount}, seed=0, indices=np.arange(1))
    expected = _through_hsv(random_pixels[0], lambda h, s, v: (h, s, min(v + amount, 1.0)))
    assert np.abs(made[0] - expected).max() < 0.5 + 1e-4


@pytest.mark.parametrize(("scale", "shift"), [(0.3, 0.0), (2.0, 0.1), (20.0, 0.2)])
def test_saturate_scales_the_saturation_of_hsv(
    scale: float, shift: float, random_pixels: npt.NDArray[np.uint8]
) -> None:
    made = corrupt(random_pixels, "saturate", {"scale": scale, "shift": shift}, seed=0, indices=np.arange(1))

    def change(hue: float, saturation: float, value: float) -> tuple[float, float, float]:
        grown = min(max(saturation * scale + shift, 0.0), 1.0)
        return hue, grown if saturation > 0.0 else 0.0, value

    assert np.abs(made[0] - _through_hsv(random_pixels[0], change)).max() < 0.5 + 1e-4


def test_grey_stays_grey_under_saturation() -> None:
    images = np.repeat(np.arange(256, dtype=np.uint8).repeat(4).reshape(1, 32, 32, 1), 3, axis=3)
    made = corrupt(images, "saturate", {"scale": 5.0, "shift": 0.3}, seed=0, indices=np.arange(1))
    assert np.array_equal(made, images)


def test_one_channel_brightens_and_saturates_by_value() -> None:
    images = np.arange(256, dtype=np.uint8).repeat(4).reshape(1, 32, 32, 1)
    brighter = corrupt(images, "brightness", {"amount": 0.2}, seed=0, indices=np.arange(1))
    assert np.array_equal(brighter, np.minimum(images.astype(int) + 51, 255))
    fuller = corrupt(images, "saturate", {"scale": 1.5, "shift": 0.5}, seed=0, indices=np.arange(1))
    assert np.array_equal(fuller, np.minimum(images.astype(int) * 2, 255))


@pytest.mark.parametrize("shape", [(28, 28, 1), (29, 41, 3)], ids=str)
def test_contrast_draws_values_to_their_mean(shape: tuple[int, int, int], photos: Photos) -> None:
    images = photos(5, *shape)
    made = corrupt(images, "contrast", {"factor": 0.4}, seed=0, indices=np.arange(5))
    means = images.astype(float).mean(axis=(1, 2), keepdims=True)
    assert np.abs(made - (means + 0.4 * (images - means))).max() < 0.5 + 1e-4
