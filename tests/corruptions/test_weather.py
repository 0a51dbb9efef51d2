"""Snow, frost, fog and spatter against their formulas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from benchmark.corruptions import CORRUPTIONS, corrupt, corrupt_severities
from benchmark.corruptions.draws import Draws
from benchmark.corruptions.frost_texture import frost_sheet, frost_window
from benchmark.corruptions.plasma import plasma

Photos = Callable[..., npt.NDArray[np.uint8]]


def test_fog_is_the_formula(photos: Photos) -> None:
    images = photos(4, 29, 41, 3)
    made = corrupt(images, "fog", {"amount": 1.2, "decay": 2.0}, seed=0, indices=np.arange(4))
    cloud = plasma(Draws(0, "fog", np.arange(4)), "fog", 29, 41, 2.0)[..., None]
    x = images / 255.0
    most = x.max(axis=(1, 2, 3), keepdims=True)
    expected = 255.0 * (x + 1.2 * cloud) * most / (most + 1.2)
    assert np.abs(made - expected).max() < 0.5 + 1e-4


def test_fog_does_not_pass_the_images_own_maximum(photos: Photos) -> None:
    images = photos(20, 28, 28, 1) // 2
    made = corrupt(images, "fog", {"amount": 3.0, "decay": 1.75}, seed=0, indices=np.arange(20))
    assert (made.max(axis=(1, 2, 3)) <= images.max(axis=(1, 2, 3))).all()


def test_plasma_fills_the_unit_interval_and_gets_rougher_with_less_decay() -> None:
    draws = Draws(0, "plasma", np.arange(50))
    roughness = []
    for decay in (3.0, 2.0, 1.3):
        field = plasma(draws, "p", 32, 32, decay)
        assert field.min(axis=(1, 2)) == pytest.approx(0.0)
        assert field.max(axis=(1, 2)) == pytest.approx(1.0)
        roughness.append(np.abs(np.diff(field, axis=2)).mean())
    assert roughness[0] < roughness[1] < roughness[2]


def test_frost_is_the_weighted_sum_of_image_and_ice(photos: Photos) -> None:
    images = photos(4, 28, 28, 1)
    made = corrupt(images, "frost", {"image_weight": 0.8, "frost_weight": 0.4}, seed=6, indices=np.arange(4))
    ice = frost_window(Draws(6, "frost", np.arange(4)), 28, 28, 28 / 32)[..., None]
    assert np.abs(made - np.clip(0.8 * images + 0.4 * ice, 0, 255)).max() < 0.5 + 1e-4


def test_windows_into_the_ice_differ_and_come_from_the_sheet() -> None:
    sheet = frost_sheet(0)
    assert sheet.shape == (256, 256)
    assert 60.0 < sheet.mean() < 160.0
    assert sheet.std() > 30.0
    windows = frost_window(Draws(0, "frost", np.arange(200)), 32, 32, 1.0)
    assert windows.min() >= 0.0
    assert windows.max() <= 255.0
    assert windows.mean() == pytest.approx(sheet.mean(), rel=0.1)
    assert len({window.tobytes() for window in windows}) == 200


def test_snow_only_adds_light_to_a_dark_scene() -> None:
    images = np.zeros((20, 32, 32, 3), np.uint8)
    parameters = dict(CORRUPTIONS["snow"].parameters_at(0.6), mix=1.0)
    made = corrupt(images, "snow", parameters, seed=0, indices=np.arange(20))
    assert (made[..., 0] == made[..., 1]).all()
    # The layer is added with its half turn, so the sum is symmetric.
    assert np.array_equal(made, made[:, ::-1, ::-1])
    assert 0.05 < (made > 0).mean() < 0.95


def test_snow_whitens_by_the_mix(photos: Photos) -> None:
    images = photos(3, 32, 32, 3)
    parameters = dict(CORRUPTIONS["snow"].parameters_at(0.5), threshold=50.0, mix=0.8)
    made = corrupt(images, "snow", parameters, seed=0, indices=np.arange(3))
    luma = images @ np.array([0.299, 0.587, 0.114])
    white = np.maximum(images, (1.5 * luma + 127.5)[..., None])
    assert np.abs(made - np.clip(0.8 * images + 0.2 * white, 0, 255)).max() < 0.5 + 1e-4


def test_spatter_covers_with_its_colour_and_nested_drops() -> None:
    images = np.zeros((30, 32, 32, 3), np.uint8)
    common = {"loc": 0.65, "scale": 0.3, "sigma": 1.2, "opacity": 1.0, "mud": 0.0}
    few, many = corrupt_severities(
        images, "spatter", [dict(common, threshold=0.75), dict(common, threshold=0.65)], seed=0, indices=np.arange(30)
    )
    assert (many >= few).all()
    assert (many.max(axis=(0, 1, 2)) == [175, 238, 238]).all()
    assert (few > 0).any(axis=3).mean() < 0.15
    assert (many > 0).any(axis=3).mean() == pytest.approx(0.5, abs=0.05)
    mud = corrupt(
        np.full_like(images, 255), "spatter", dict(common, threshold=0.65, mud=1.0), seed=0, indices=np.arange(30)
    )
    assert (mud.min(axis=(0, 1, 2)) == [63, 42, 20]).all()
