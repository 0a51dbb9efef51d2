"""Sampling, and the corruptions that move places."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from benchmark.corruptions import corrupt
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.geometric import _affine_places
from benchmark.corruptions.sampling import sample

Photos = Callable[..., npt.NDArray[np.uint8]]


@pytest.mark.parametrize("shape", [(28, 28, 1), (29, 41, 3)], ids=str)
def test_sampling_is_bilinear_and_reflects(shape: tuple[int, int, int], photos: Photos) -> None:
    images = photos(3, *shape)
    generator = np.random.default_rng(0)
    rows = generator.uniform(-20.0, shape[0] + 20.0, (3, *shape[:2]))
    columns = generator.uniform(-20.0, shape[1] + 20.0, (3, *shape[:2]))
    made = sample(images, rows, columns)
    # Places count to 1/256 of a pixel.
    rows, columns = np.rint(rows * 256.0) / 256.0, np.rint(columns * 256.0) / 256.0
    for number in range(3):
        for channel in range(shape[2]):
            plane = images[number, ..., channel].astype(float)
            expected = ndimage.map_coordinates(plane, [rows[number], columns[number]], order=1, mode="mirror")
            assert np.abs(made[number, ..., channel] - expected).max() < 0.5 + 1e-6


def test_elastic_at_zero_is_the_identity(photos: Photos) -> None:
    images = photos(4, 29, 41, 3)
    for sigma in (0.0, 2.0):
        parameters = {"alpha": 0.0, "sigma": sigma, "affine": 0.0}
        assert np.array_equal(corrupt(images, "elastic_transform", parameters, seed=0, indices=np.arange(4)), images)


def test_the_affine_map_moves_its_three_corners_as_drawn() -> None:
    draws = Draws(0, "elastic_transform", np.arange(5))
    rows, columns = _affine_places(draws, 31, 31, 3.0)
    moves = 3.0 * (2.0 * draws.uniform("corners", (3, 2)) - 1.0)
    for corner, (row, column) in enumerate([(25, 25), (25, 5), (5, 5)]):
        assert rows[:, row, column] == pytest.approx(row + moves[:, corner, 0])
        assert columns[:, row, column] == pytest.approx(column + moves[:, corner, 1])


def test_chromatic_shift_moves_red_and_blue_apart(photos: Photos) -> None:
    images = photos(1, 32, 32, 3)
    made = corrupt(images, "chromatic_shift", {"distance": 4.0}, seed=0, indices=np.arange(1))
    angle = Draws(0, "chromatic_shift", np.arange(1)).between("angle", 0.0, 2.0 * np.pi)[0]
    down, right = 4.0 * np.sin(angle), 4.0 * np.cos(angle)
    assert np.array_equal(made[..., 1], images[..., 1])
    for channel, sign in ((0, -1.0), (2, 1.0)):
        expected = ndimage.shift(
            images[0, ..., channel].astype(float), (sign * down, sign * right), order=1, mode="mirror"
        )
        assert np.abs(made[0, ..., channel] - expected).max() < 2.5


def test_chromatic_shift_on_one_channel_is_the_mean_of_three(photos: Photos) -> None:
    grey = photos(3, 28, 28, 1)
    parameters = {"distance": 3.0}
    made = corrupt(grey, "chromatic_shift", parameters, seed=0, indices=np.arange(3)).astype(float)
    coloured = corrupt(np.repeat(grey, 3, axis=3), "chromatic_shift", parameters, seed=0, indices=np.arange(3))
    assert np.abs(made[..., 0] - coloured.mean(axis=3)).max() < 0.5 + 1e-6


def test_a_twirl_keeps_what_is_far_from_its_middle(photos: Photos) -> None:
    images = photos(8, 64, 64, 1)
    made = corrupt(images, "pinch_and_twirl", {"angle": 4.0, "pinch": 0.5}, seed=0, indices=np.arange(8))
    same = (made == images)[..., 0].mean(axis=0)
    assert same[[0, 0, -1, -1], [0, -1, 0, -1]].min() > 0.4
    assert same[24:40, 24:40].mean() < 0.3


def test_ripple_displaces_by_at_most_its_amplitude() -> None:
    ramp = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None] * 6, (5, 40, 40))[..., None].copy()
    made = corrupt(ramp, "ripple", {"amplitude": 2.0}, seed=0, indices=np.arange(5)).astype(float)
    moved = np.abs(made - ramp)[:, 4:-4] / 6.0
    assert moved.max() <= 2.0 * 40.0 / 32.0 + 0.1
    assert moved.max() > 1.8
