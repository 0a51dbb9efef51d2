"""Noises against the laws they claim."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from benchmark.corruptions import corrupt, corrupt_severities

GREY = np.full((100, 32, 32, 3), 128, np.uint8)
INDICES = np.arange(100)


@pytest.mark.parametrize("sigma", [0.02, 0.1])
def test_gaussian_noise_has_its_mean_and_deviation(sigma: float) -> None:
    noise = corrupt(GREY, "gaussian_noise", {"sigma": sigma}, seed=0, indices=INDICES) - 128.0
    spread = np.sqrt((255.0 * sigma) ** 2 + 1.0 / 12.0)  # rounding adds a twelfth to the variance
    assert abs(noise.mean()) < 4.0 * spread / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(spread, rel=0.01)
    assert abs(stats.kurtosis(noise.reshape(-1))) < 0.05


def test_rounding_has_no_bias() -> None:
    noise = corrupt(GREY, "gaussian_noise", {"sigma": 0.002}, seed=0, indices=INDICES) - 128.0
    # Truncation would give a mean of -0.5.
    assert abs(noise.mean()) < 0.01


def test_speckle_noise_grows_with_the_value() -> None:
    values = np.array([0, 50, 100], np.uint8)
    images = np.broadcast_to(values, (100, 32, 32, 3)).copy()
    noise = corrupt(images, "speckle_noise", {"sigma": 0.2}, seed=0, indices=INDICES).astype(float) - values
    assert noise.std(axis=(0, 1, 2)) == pytest.approx([0.0, 10.0, 20.0], rel=0.02, abs=1e-9)


@pytest.mark.parametrize("photons", [500.0, 60.0, 20.0])
@pytest.mark.parametrize("value", [30, 128])
def test_shot_noise_has_poisson_mean_and_variance(photons: float, value: int) -> None:
    images = np.full_like(GREY, value)
    made = corrupt(images, "shot_noise", {"photons": photons}, seed=0, indices=INDICES).astype(float)
    counts = np.arange(1000)
    chance = stats.poisson.pmf(counts, value * photons / 255.0)
    levels = np.minimum(np.floor(counts * 255.0 / photons + 0.5), 255.0)
    mean = chance @ levels
    variance = chance @ (levels - mean) ** 2
    assert made.mean() == pytest.approx(mean, abs=4.0 * np.sqrt(variance / made.size))
    assert made.var() == pytest.approx(variance, rel=0.02)
    # The law itself: a mean of the value, a variance of value * 255 / photons, but for rounding and clipping.
    assert mean == pytest.approx(value, rel=0.01)
    assert variance == pytest.approx(value * 255.0 / photons, rel=0.1)


def test_shot_noise_has_the_poisson_law() -> None:
    photons, value = 10.0, 77
    made = corrupt(np.full_like(GREY, value), "shot_noise", {"photons": photons}, seed=0, indices=INDICES)
    mean = value * photons / 255.0
    for count in range(10):
        level = int(np.floor(count * 25.5 + 0.5))
        share = (made == min(level, 255)).mean()
        assert share == pytest.approx(stats.poisson.pmf(count, mean), abs=4.0 / np.sqrt(made.size))


@pytest.mark.parametrize("photons", [0.6, 3.0, 75.0, 1e5])
def test_shot_noise_is_the_quantile_of_its_uniform_word(photons: float) -> None:
    from benchmark.corruptions.draws import Draws

    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28, 1), dtype=np.uint8)
    made = corrupt(images, "shot_noise", {"photons": photons}, seed=4, indices=np.arange(20))
    uniform = Draws(4, "shot_noise", np.arange(20)).uniform("photons", (28, 28, 1))
    counts = stats.poisson.ppf(uniform, images * (photons / 255.0))
    levels = np.minimum(np.floor(counts * 255.0 / photons + 0.5 + 2.0**-20), 255.0)
    # Where the word lies on an edge of the law to 2**-32 the two may part.
    assert (made != levels).mean() < 1e-4


def test_fewer_photons_move_a_value_further_the_same_way() -> None:
    made = corrupt_severities(
        GREY, "shot_noise", [{"photons": p} for p in (500.0, 100.0, 20.0)], seed=0, indices=INDICES
    ).astype(int)
    weak, middle, strong = np.abs(made - 128)
    assert (middle >= weak - 6).all()
    assert np.corrcoef((made[0] - 128).reshape(-1), (made[2] - 128).reshape(-1))[0, 1] > 0.95
    assert weak.mean() < middle.mean() < strong.mean()


def test_infinite_light_keeps_the_image() -> None:
    images = np.arange(256, dtype=np.uint8).repeat(4).reshape(1, 32, 32, 1)
    for photons in (np.inf, 1e12):
        assert np.array_equal(
            corrupt(images, "shot_noise", {"photons": photons}, seed=0, indices=np.zeros(1, int)), images
        )


def test_impulse_noise_hits_its_share_half_black_half_white() -> None:
    made = corrupt(GREY, "impulse_noise", {"amount": 0.1}, seed=0, indices=INDICES)
    error = 4.0 * np.sqrt(0.1 * 0.9 / made.size)
    assert (made != 128).mean() == pytest.approx(0.1, abs=error)
    assert (made == 0).mean() == pytest.approx(0.05, abs=error)
    assert (made == 255).mean() == pytest.approx(0.05, abs=error)
    assert set(np.unique(made)) == {0, 128, 255}


def test_stronger_impulses_contain_weaker_ones() -> None:
    weak, strong = corrupt_severities(
        GREY, "impulse_noise", [{"amount": 0.05}, {"amount": 0.2}], seed=0, indices=INDICES
    )
    hit = weak != 128
    assert np.array_equal(strong[hit], weak[hit])


def test_impulse_noise_of_one_leaves_nothing() -> None:
    made = corrupt(GREY, "impulse_noise", {"amount": 1.0}, seed=0, indices=INDICES)
    assert set(np.unique(made)) == {0, 255}
