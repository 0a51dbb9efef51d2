"""Tiles of an image, against torch's own enlarging of its own slices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from benchmark.training.factor_decoding import decode


@pytest.mark.parametrize(("side", "channels", "factor"), [(28, 1, 2), (32, 3, 2), (12, 2, 3), (4, 1, 4)])
def test_tiles_are_enlarged_as_torch_does(side: int, channels: int, factor: int) -> None:
    draws = np.random.default_rng(0)
    images = draws.normal(0.5, 1, (3, side, side, channels)).astype(np.float32)
    targets = draws.dirichlet(np.ones(4), 3).astype(np.float32)
    decoded, labels = decode(images, targets, factor)
    assert decoded.shape == (3 * factor**2, side, side, channels)
    assert decoded.dtype == np.float32
    small = side // factor
    for image in range(3):
        for row in range(factor):
            for column in range(factor):
                tile = images[image, row * small : (row + 1) * small, column * small : (column + 1) * small]
                tensor = torch.from_numpy(tile.transpose(2, 0, 1)[None].copy())
                enlarged = functional.interpolate(tensor, (side, side), mode="bilinear", align_corners=False)
                place = image * factor**2 + row * factor + column
                assert np.allclose(decoded[place], enlarged[0].permute(1, 2, 0).numpy(), atol=1e-5)
                assert np.array_equal(labels[place], targets[image])


def test_one_tile_is_the_image() -> None:
    images = np.random.default_rng(1).random((2, 5, 5, 1)).astype(np.float32)
    decoded, labels = decode(images, np.eye(2, dtype=np.float32), 1)
    assert np.array_equal(decoded, images)
    assert np.array_equal(labels, np.eye(2))


def test_sides_that_cannot_be_cut() -> None:
    for side, factor in ((27, 2), (28, 0)):
        with pytest.raises(ValueError, match="equal tiles"):
            decode(np.zeros((1, side, 28, 1)), np.ones((1, 2)), factor)
