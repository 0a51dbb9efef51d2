"""Held-out corruptions of light and value: spectra, counts and shares."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.corruptions import corrupt, corrupt_severities

GREY = np.full((60, 32, 32, 3), 128, np.uint8)
INDICES = np.arange(60)


def _made(name: str, images: np.ndarray = GREY, **parameters: float) -> np.ndarray:
    return corrupt(images, name, parameters, seed=0, indices=np.arange(len(images)))


def test_blue_noise_has_its_deviation_and_no_low_frequencies() -> None:
    noise = _made("blue_noise", sigma=0.1).astype(float) - 128.0
    assert noise.std() == pytest.approx(25.5, rel=0.02)
    assert np.array_equal(noise[..., 0], noise[..., 2])
    power = (np.abs(np.fft.fft2(noise[..., 0])) ** 2).mean(axis=0)
    frequency = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32))
    assert power[frequency < 0.1].mean() < 0.01 * power[frequency > 0.4].mean()


def test_plasma_noise_has_low_frequencies_and_free_channels() -> None:
    noise = _made("plasma_noise", amount=0.5).astype(float) - 128.0
    power = (np.abs(np.fft.fft2(noise, axes=(1, 2))) ** 2).mean(axis=(0, 3))
    frequency = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32))
    assert power[(frequency > 0) & (frequency < 0.1)].mean() > 20.0 * power[frequency > 0.4].mean()
    assert abs(np.corrcoef(noise[..., 0].reshape(-1), noise[..., 1].reshape(-1))[0, 1]) < 0.3


@pytest.mark.parametrize(("fill", "covered"), [(0.5, 0.125), (1.0, 0.5), (2.0, 1.0)])
def test_the_checkerboard_covers_its_share(fill: float, covered: float) -> None:
    made = _made("checkerboard_cutout", np.zeros((200, 32, 32, 1), np.uint8), fill=fill)
    assert made.mean() / 127.5 == pytest.approx(covered, abs=0.01)


def test_sparkles_add_light_one_after_the_other() -> None:
    black = np.zeros((40, 32, 32, 1), np.uint8)
    sets = [{"count": count, "size": 2.0} for count in (0.0, 0.5, 1.0, 3.0)]
    made = corrupt_severities(black, "sparkles", sets, seed=0, indices=np.arange(40)).astype(int)
    assert made[0].max() == 0
    assert (np.diff(made, axis=0) >= 0).all()
    assert (made[2].max(axis=(1, 2, 3)) > 120).all()


def test_a_single_frequency_wave_has_one_frequency() -> None:
    # At 128 pixels the wavelengths are long against a pixel and many fit.
    noise = _made("single_frequency_wave", np.full((10, 128, 128, 1), 128, np.uint8), amplitude=0.3)[..., 0] - 128.0
    assert noise.std(axis=(1, 2)) == pytest.approx(0.3 * 255.0 / np.sqrt(2.0), rel=0.05)
    window = np.hanning(128)[:, None] * np.hanning(128)
    for wave in noise:
        power = np.abs(np.fft.fft2(wave * window)) ** 2
        peak = np.array(np.unravel_index(power.argmax(), power.shape))
        near = np.zeros(power.shape, bool)
        for row, column in (peak, -peak):
            near[np.ix_((np.arange(-3, 4) + row) % 128, (np.arange(-3, 4) + column) % 128)] = True
        assert power[near].sum() > 0.98 * power.sum()


def test_lines_are_as_many_as_asked() -> None:
    none, half, one = corrupt_severities(
        GREY, "lines", [{"count": 0.0}, {"count": 0.5}, {"count": 1.0}], seed=0, indices=INDICES
    ).astype(int)
    assert np.array_equal(none, GREY)
    touched = (one != GREY).any(axis=3)
    assert 0.01 < touched.mean() < 0.15
    assert np.abs((half - 128) * 2 - (one - 128)).max() <= 2


def test_quantization_leaves_few_values() -> None:
    ramp = np.arange(256, dtype=np.uint8).repeat(4).reshape(1, 32, 32, 1).repeat(50, axis=0)
    assert np.array_equal(_made("quantization", ramp, step=1.0), ramp)
    for step, most in ((16.0, 18), (100.0, 4), (255.0, 2)):
        made = _made("quantization", ramp, step=step)
        assert max(len(np.unique(image)) for image in made) <= most
        assert np.abs(made.astype(int) - ramp).max() <= np.ceil(step / 2.0)
        assert (np.diff(made.reshape(50, -1).astype(int), axis=1) >= 0).all()
