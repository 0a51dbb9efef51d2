"""Blurs against slow and independent versions of themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from benchmark.corruptions import CORRUPTIONS, corrupt
from benchmark.corruptions.blur import disk_kernel, exchanged, zoom_operator
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.linear import (
    CONVOLUTION_BITS,
    convolve_large,
    convolve_rings,
    gaussian_rows,
    ring_sums,
)

Photos = Callable[..., npt.NDArray[np.uint8]]
BLURS = ["defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "gaussian_blur"]


@pytest.mark.parametrize("name", BLURS)
@pytest.mark.parametrize("value", [0, 1, 127, 255])
def test_a_flat_image_stays_flat(name: str, value: int) -> None:
    images = np.full((3, 29, 41, 3), value, np.uint8)
    for strength in (0.1, 0.5, 1.0):
        made = corrupt(images, name, CORRUPTIONS[name].parameters_at(strength), seed=0, indices=np.arange(3))
        assert (made == value).all()


@pytest.mark.parametrize(("radius", "softness"), [(0.3, 0.4), (1.5, 0.1), (3.0, 0.5), (6.0, 0.4)])
def test_the_disk_kernel_sums_to_one_and_is_symmetric(radius: float, softness: float) -> None:
    units = disk_kernel(radius, softness)
    assert units.sum() == 1 << CONVOLUTION_BITS
    assert (units >= 0).all()
    assert np.array_equal(units, units.T)
    assert np.array_equal(units, units[::-1])


def test_a_hard_disk_has_its_area() -> None:
    units = disk_kernel(4.0, 0.0) / 2.0**CONVOLUTION_BITS
    assert 1.0 / units.max() == pytest.approx(np.pi * 16.0, rel=0.01)


@pytest.mark.parametrize("strength", [0.1, 0.4])
@pytest.mark.parametrize("shape", [(28, 28, 1), (29, 41, 3)], ids=str)
def test_defocus_is_the_convolution_with_the_disk(strength: float, shape: tuple[int, int, int], photos: Photos) -> None:
    images = photos(3, *shape)
    parameters = CORRUPTIONS["defocus_blur"].parameters_at(strength)
    scale = min(shape[:2]) / 32.0
    kernel = disk_kernel(parameters["radius"] * scale, parameters["softness"] * scale) / 2.0**CONVOLUTION_BITS
    expected = ndimage.convolve(images.astype(float), kernel[None, :, :, None], mode="mirror")
    made = corrupt(images, "defocus_blur", parameters, seed=0, indices=np.arange(3))
    assert np.array_equal(made, np.floor(expected + 0.5 + 2.0**-20))


def test_both_ways_of_convolution_agree(photos: Photos) -> None:
    images = photos(3, 64, 64, 1)
    units = disk_kernel(3.7, 0.5)
    direct = convolve_rings(ring_sums(images, len(units) // 2), units).reshape(images.shape)
    assert np.array_equal(convolve_large(images, units), direct)


@pytest.mark.parametrize("sigma", [0.4, 1.0, 3.0])
def test_gaussian_blur_is_scipys(sigma: float, photos: Photos) -> None:
    images = photos(4, 32, 32, 3)
    expected = ndimage.gaussian_filter(images.astype(float), (0, sigma, sigma, 0), mode="mirror", truncate=4.0)
    made = corrupt(images, "gaussian_blur", {"sigma": sigma}, seed=0, indices=np.arange(4))
    assert np.abs(made - expected).max() < 0.51


def test_gaussian_rows_sum_to_one_exactly() -> None:
    for sigma in (0.005, 0.3, 2.0, 20.0):
        assert (gaussian_rows(28, sigma).sum(axis=1) == 1.0).all()


def test_glass_without_blur_permutes_pixels() -> None:
    places = np.arange(32 * 32, dtype=np.uint32)
    # Three channels hold the place, so that every pixel is told apart.
    image = np.stack([places % 256, places // 256, places % 7], axis=1).astype(np.uint8).reshape(1, 32, 32, 3)
    made = corrupt(image, "glass_blur", {"sigma": 0.0, "max_delta": 1, "iterations": 2}, seed=0, indices=np.arange(1))
    before, after = image.reshape(-1, 3), made.reshape(-1, 3)
    assert not np.array_equal(before, after)
    assert sorted(map(tuple, before)) == sorted(map(tuple, after))
    assert all(
        np.array_equal(before[p], row)
        for p, row in zip(after[:, 0] + 256 * after[:, 1].astype(int), after, strict=True)
    )


@pytest.mark.parametrize(("height", "width"), [(32, 32), (29, 41)])
def test_glass_moves_pixels_without_a_preferred_direction(height: int, width: int) -> None:
    count = 200
    sources = exchanged(Draws(0, "glass_blur", np.arange(count)), height, width, 1, 1.0)
    first = np.arange(count)[:, None] * height * width
    assert np.array_equal(np.sort(sources, axis=1), first + np.arange(height * width))
    rows, columns = np.divmod(sources - first, width)
    down = (rows - np.arange(height * width) // width).astype(float)
    right = (columns - np.arange(height * width) % width).astype(float)
    for moved in (down, right):
        assert abs(moved.mean()) < 1e-9  # a permutation moves nothing on the whole
        middle = moved.reshape(count, height, width)[:, 8:-8, 8:-8]
        assert abs(middle.mean()) < 5.0 * middle.std() / np.sqrt(middle.size / 10.0)
        assert np.abs(moved).max() <= 12


def test_more_iterations_continue_fewer() -> None:
    draws = Draws(0, "glass_blur", np.arange(50))
    still = np.arange(50 * 32 * 32).reshape(50, -1)
    moved = [(exchanged(draws, 32, 32, 1, share) != still).mean() for share in (0.0, 0.1, 0.5, 1.0, 1.5)]
    assert moved[0] == 0.0
    assert (np.diff(moved) > 0.0).all()
    assert np.array_equal(
        exchanged(draws, 32, 32, 1, 1.0), exchanged(Draws(0, "glass_blur", np.arange(50)), 32, 32, 1, 1.0)
    )


def test_motion_blur_is_a_trail_of_interpolated_rows(photos: Photos) -> None:
    images = photos(6, 32, 32, 3)
    made = corrupt(images, "motion_blur", {"radius": 9.0, "sigma": 2.5}, seed=2, indices=np.arange(6))
    slopes = np.tan(Draws(2, "motion_blur", np.arange(6)).between("direction", -np.pi / 4, np.pi / 4))
    for image, slope, blurred in zip(images, slopes, made, strict=True):
        length = np.hypot(1.0, slope)
        weights = np.array(
            [np.exp(-0.5 * (step * length / 2.5) ** 2) if step * length <= 9.0 else 0.0 for step in range(10)]
        )
        expected = np.zeros(image.shape)
        rows, columns = np.mgrid[:32, :32]
        for step, weight in enumerate(weights / weights.sum()):
            at = [rows + step * slope, np.clip(columns - step, 0, 31)]
            for channel in range(3):
                shown = ndimage.map_coordinates(image[..., channel].astype(float), at, order=1, mode="nearest")
                expected[..., channel] += weight * shown
        assert np.abs(blurred - expected).max() < 1.2


def test_zoom_is_the_mean_of_zoomed_images(photos: Photos) -> None:
    images = photos(3, 29, 41, 3)
    made = corrupt(images, "zoom_blur", {"largest": 1.25}, seed=0, indices=np.arange(3))
    rows, columns = np.mgrid[:29, :41]
    for image, blurred in zip(images, made, strict=True):
        for channel in range(3):
            shown = [
                ndimage.map_coordinates(
                    image[..., channel].astype(float), [14 + (rows - 14) / zoom, 20 + (columns - 20) / zoom], order=1
                )
                for zoom in np.linspace(1.0, 1.25, 33)
            ]
            assert np.abs(blurred[..., channel] - np.mean(shown, axis=0)).max() < 0.51


def test_zoom_rows_sum_to_one_exactly() -> None:
    assert (zoom_operator(28, 28, 1, 1.7).sum(axis=1) == 1.0).all()
