"""Re-crops, patches and octaves: what they do to images, and that nothing but seed and index decides them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark import data
from benchmark.corruptions import corrupt
from benchmark.data.checksums import values_sha256
from benchmark.task_registry import find_task
from tasks.corruption.band_noise import band_noise, with_band_noise
from tasks.corruption.patches import with_patch
from tasks.corruption.recrops import DIRECTIONS, recrop
from tasks.corruption.split import pinned
from tasks.corruption.stability_cells import make_cells, read_stability_split
from tasks.corruption.stability_settings import cell_groups, stability_settings

SEED = 3
SQUARES = [(28, 1), (32, 3)]


def photos(count: int, side: int, channels: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


@pytest.mark.parametrize(("side", "channels"), SQUARES)
def test_a_recrop_moves_the_view_and_repeats_the_edge(side: int, channels: int) -> None:
    images = photos(4, side, channels)
    up, right, corner = (recrop(images, direction) for direction in ("up", "right", "down-right"))
    assert (up[:, 1:] == images[:, :-1]).all()
    assert (up[:, 0] == images[:, 0]).all()
    assert (right[:, :, :-1] == images[:, :, 1:]).all()
    assert (right[:, :, -1] == images[:, :, -1]).all()
    assert (corner[:, :-1, :-1] == images[:, 1:, 1:]).all()
    assert (corner[:, -1, -1] == images[:, -1, -1]).all()


def test_recrops_are_eight_and_not_cyclic() -> None:
    images = photos(2, 28, 1)
    made = [recrop(images, direction) for direction in DIRECTIONS]
    assert len({cell.tobytes() for cell in made}) == 8
    assert images.tobytes() not in {cell.tobytes() for cell in made}
    for cell, (down, right) in zip(made, DIRECTIONS.values(), strict=True):
        assert (cell != np.roll(images, (-down, -right), (1, 2))).any()
        assert (cell[:, 1:-1, 1:-1] == np.roll(images, (-down, -right), (1, 2))[:, 1:-1, 1:-1]).all()


@pytest.mark.parametrize(("side", "channels"), SQUARES)
def test_one_patch_is_corrupted_and_nothing_else(side: int, channels: int) -> None:
    images, indices = photos(400, side, channels), np.arange(400)
    patch_px = side // 4
    made = with_patch(images, 255 - images, "fog", patch_px, seed=SEED, indices=indices)
    changed = (made != images).all(axis=3)
    tiles = changed.reshape(400, 4, patch_px, 4, patch_px).transpose(0, 1, 3, 2, 4).reshape(400, 16, -1)
    assert (tiles.any(axis=2) == tiles.all(axis=2)).all(), "a patch is whole"
    assert (tiles.all(axis=2).sum(axis=1) == 1).all(), "and there is one"
    drawn = np.bincount(tiles.all(axis=2).argmax(axis=1), minlength=16)
    assert (np.abs(drawn - 25) < 5 * 25**0.5).all(), "every place is drawn about equally often"
    assert ((made == 255 - images) == changed[..., None]).all()


def test_patch_place_depends_on_seed_corruption_and_index_alone() -> None:
    images, indices = photos(60, 28, 1), np.arange(60)
    whole = with_patch(images, 255 - images, "fog", 7, seed=SEED, indices=indices)
    some = np.array([41, 7, 8])
    assert (with_patch(images[some], 255 - images[some], "fog", 7, seed=SEED, indices=some) == whole[some]).all()
    for other in (
        with_patch(images, 255 - images, "snow", 7, seed=SEED, indices=indices),
        with_patch(images, 255 - images, "fog", 7, seed=SEED + 1, indices=indices),
    ):
        assert 0 < (other == whole).all(axis=(1, 2, 3)).sum() < 20


def test_a_patch_that_does_not_tile_the_image_is_refused() -> None:
    images = photos(1, 28, 1)
    with pytest.raises(ValueError, match="a divisor of 28 and 28, but got 8"):
        with_patch(images, images, "fog", 8, seed=SEED, indices=np.arange(1))


@pytest.mark.parametrize("side", [28, 32])
def test_noise_has_its_octave_only_and_its_size(side: int) -> None:
    down, right = np.meshgrid(*2 * [np.fft.fftfreq(side, 1 / side)], indexing="ij")
    radius = np.hypot(down, right)
    for low in (side / 32, side / 16, side / 8, side / 4):
        noise = band_noise((low, 2 * low), side, seed=SEED, indices=np.arange(20))
        assert noise.shape == (20, side, side)
        assert noise.mean(axis=(1, 2)) == pytest.approx(0, abs=1e-12)
        assert noise.std(axis=(1, 2)) == pytest.approx(1, rel=1e-12)
        power = np.abs(np.fft.fft2(noise)) ** 2
        outside = (radius < low) | (radius >= 2 * low)
        assert power[:, outside].max() < 1e-20 * power.max()
        assert (power[:, ~outside].mean(axis=0) > 0).all()


def test_noise_of_all_octaves_but_the_corners_adds_up_to_all_frequencies() -> None:
    passed = np.zeros((32, 32), bool)
    for low in (1, 2, 4, 8):
        noise = band_noise((low, 2 * low), 32, seed=SEED, indices=np.arange(50))
        found = (np.abs(np.fft.fft2(noise)) ** 2).mean(axis=0) > 1e-12
        assert not (passed & found).any()
        passed |= found
    down, right = np.meshgrid(*2 * [np.fft.fftfreq(32, 1 / 32)], indexing="ij")
    assert (passed == ((np.hypot(down, right) < 16) & (np.hypot(down, right) > 0))).all()


def test_noise_is_grey_additive_and_shared_by_its_sizes() -> None:
    images = np.full((30, 32, 32, 3), (90, 128, 160), np.uint8)
    indices = np.arange(30)
    small, large = with_band_noise(images, (4.0, 8.0), (0.04, 0.08), seed=SEED, indices=indices).astype(int)
    assert np.ptp(small - images, axis=3).max() == 0, "nothing is clipped here, so all channels move together"
    assert np.abs(2 * (small - images) - (large - images)).max() <= 2, "twice the size is twice the noise, but rounding"
    assert (small - images).std(axis=(1, 2)) == pytest.approx(0.04 * 255, rel=0.01)


def test_noise_depends_on_seed_octave_and_index_alone() -> None:
    images = photos(600, 28, 1)
    whole = with_band_noise(images, (7.0, 14.0), (0.1,), seed=SEED, indices=np.arange(600))[0]
    some = np.array([555, 2, 3])
    assert (with_band_noise(images[some], (7.0, 14.0), (0.1,), seed=SEED, indices=some)[0] == whole[some]).all()
    other = with_band_noise(images[some], (7.0, 14.0), (0.1,), seed=SEED + 1, indices=some)[0]
    assert (other != whole[some]).any(axis=(1, 2, 3)).all()


def test_an_octave_without_a_frequency_is_refused() -> None:
    with pytest.raises(ValueError, match=r"band: a frequency of a 28 pixel image, but 0\.2 to 0\.9 cycles hold none"):
        band_noise((0.2, 0.9), 28, seed=SEED, indices=np.arange(1))


@pytest.mark.parametrize("name", ["fashion-mnist", "cifar10"])
def test_committed_cells_come_out_again(name: str, request: pytest.FixtureRequest) -> None:
    if name == "cifar10":
        request.getfixturevalue("mirror")
    entry = find_task(f"corruption/{name}-stability")
    settings, frozen = stability_settings(entry), read_stability_split(entry)
    groups = cell_groups(settings)
    assert [cell for group in groups for cell in group][1:] == list(frozen.cells)
    assert len(frozen.cells) == 8 + 15 + 4 * 5
    dataset = data.load(name, "test")
    exact = pinned(frozen.images, frozen.count)
    wanted = ["shift:up-left", "patch:impulse_noise", groups[-1][0]]
    for cell, images in make_cells(settings, frozen.patch_parameters, frozen.seed, dataset.images, wanted):
        assert values_sha256(images[exact]) == frozen.cells[cell], cell
        assert images.shape == dataset.images.shape


def test_patches_hold_the_heaviest_cells_of_the_corruption_task() -> None:
    entry = find_task("corruption/fashion-mnist-stability")
    settings, frozen = stability_settings(entry), read_stability_split(entry)
    corrupted = find_task("corruption/fashion-mnist-mc").split
    assert frozen.seed == corrupted["seed"]
    assert frozen.patch_parameters == {name: corrupted["severities"][name][4] for name in settings.patch_corruptions}
    images, indices = photos(50, 28, 1), np.arange(50)
    ((_, patched),) = make_cells(settings, frozen.patch_parameters, frozen.seed, images, ["patch:contrast"])
    whole = corrupt(images, "contrast", corrupted["severities"]["contrast"][4], seed=frozen.seed, indices=indices)
    assert ((patched == images) | (patched == whole)).all()
    assert 0.75 / 16 < (patched != images).mean() <= 1 / 16
