"""Real photographs in small, for tests of corruptions: crops of the two that scikit-learn ships."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.datasets import load_sample_images

Pixels = npt.NDArray[np.uint8]


@lru_cache(maxsize=32)
def _crops(count: int, height: int, width: int, channels: int) -> Pixels:
    photos = load_sample_images().images
    generator = np.random.default_rng(0)
    crops = []
    for number in range(count):
        photo = photos[number % len(photos)]
        top = generator.integers(photo.shape[0] - 4 * height)
        left = generator.integers(photo.shape[1] - 4 * width)
        window = photo[top : top + 4 * height, left : left + 4 * width].astype(float)
        crops.append(window.reshape(height, 4, width, 4, 3).mean(axis=(1, 3)))
    images = np.stack(crops)
    if channels == 1:
        images = images @ np.array([[0.299], [0.587], [0.114]])
    made = np.rint(images).astype(np.uint8)
    made.flags.writeable = False
    return made


@pytest.fixture
def photos() -> Callable[..., Pixels]:
    """photos(count, height, width, channels): uint8 (count, height, width, channels), reduced fourfold."""
    return _crops
