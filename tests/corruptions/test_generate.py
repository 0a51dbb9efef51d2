"""What holds for all 29 corruptions: determinism, batching, shapes, no damage at 0, more at more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from benchmark.corruptions import (
    CORRUPTIONS,
    EXTRA_4,
    HELD_OUT_10,
    STANDARD_15,
    corrupt,
    corrupt_severities,
)
from benchmark.errors import MettleError

Pixels = npt.NDArray[np.uint8]
Photos = Callable[..., Pixels]
SHAPES = [(28, 28, 1), (32, 32, 3), (29, 41, 3), (64, 64, 1)]
# Neither of them draws anything.
WITHOUT_CHANCE = {"defocus_blur", "zoom_blur", "gaussian_blur", "brightness", "contrast", "pixelate"} | {
    "jpeg_compression",
    "saturate",
}
every_corruption = pytest.mark.parametrize("name", CORRUPTIONS)


def test_the_registry_is_complete_and_in_order() -> None:
    assert (len(STANDARD_15), len(EXTRA_4), len(HELD_OUT_10)) == (15, 4, 10)
    assert list(CORRUPTIONS) == [*STANDARD_15, *EXTRA_4, *HELD_OUT_10]
    assert len(set(CORRUPTIONS)) == 29
    assert all(name == corruption.name for name, corruption in CORRUPTIONS.items())


@every_corruption
def test_bytes_do_not_depend_on_the_batch(name: str, photos: Photos) -> None:
    images, indices = photos(18, 32, 32, 3), np.arange(40, 58)
    parameters = CORRUPTIONS[name].parameters_at(0.6)
    whole = corrupt(images, name, parameters, seed=3, indices=indices)
    for size in (1, 7):
        parts = [
            corrupt(images[at : at + size], name, parameters, seed=3, indices=indices[at : at + size])
            for at in range(0, len(images), size)
        ]
        assert np.array_equal(np.concatenate(parts), whole)
    order = np.random.default_rng(0).permutation(len(images))
    shuffled = corrupt(images[order], name, parameters, seed=3, indices=indices[order])
    assert np.array_equal(shuffled, whole[order])


@every_corruption
def test_many_images_equal_the_same_images_alone(name: str, photos: Photos) -> None:
    # More than one internal batch.
    images = photos(150, 28, 28, 1)
    parameters = CORRUPTIONS[name].parameters_at(0.5)
    whole = corrupt(images, name, parameters, seed=0, indices=np.arange(150))
    tail = corrupt(images[120:], name, parameters, seed=0, indices=np.arange(120, 150))
    assert np.array_equal(whole[120:], tail)


@every_corruption
def test_severities_together_equal_severities_alone(name: str, photos: Photos) -> None:
    images, indices = photos(5, 29, 41, 3), np.arange(5)
    # Downwards, so that a larger kept result cannot pass for a smaller one.
    sets = [CORRUPTIONS[name].parameters_at(strength) for strength in (1.0, 0.3, 0.7, 0.0)]
    together = corrupt_severities(images, name, sets, seed=1, indices=indices)
    alone = [corrupt(images, name, parameters, seed=1, indices=indices) for parameters in sets]
    assert np.array_equal(together, np.stack(alone))


@every_corruption
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_size_and_channel_count_is_damaged_and_keeps_its_shape(
    name: str, shape: tuple[int, int, int], photos: Photos
) -> None:
    images = photos(4, *shape)
    before = images.copy()
    made = corrupt(images, name, CORRUPTIONS[name].parameters_at(0.7), seed=0, indices=np.arange(4))
    assert made.shape == images.shape
    assert made.dtype == np.uint8
    assert np.array_equal(images, before)
    assert (np.abs(made.astype(int) - images).mean(axis=(1, 2, 3)) > 1.0).all()


@every_corruption
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)], ids=str)
def test_strength_zero_keeps_the_image(name: str, shape: tuple[int, int, int], photos: Photos) -> None:
    images = photos(30, *shape)
    made = corrupt(images, name, CORRUPTIONS[name].parameters_at(0.0), seed=0, indices=np.arange(30))
    difference = np.abs(made.astype(int) - images)
    if name == "jpeg_compression":
        # Its chroma is halved even at quality 100.
        assert difference.mean() < (0.2 if shape[2] == 1 else 4.0)
    else:
        assert difference.max() == 0


@every_corruption
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)], ids=str)
def test_damage_grows_along_the_path(name: str, shape: tuple[int, int, int], photos: Photos) -> None:
    images = photos(60, *shape)
    sets = [CORRUPTIONS[name].parameters_at(strength) for strength in np.linspace(0.0, 1.0, 6)]
    made = corrupt_severities(images, name, sets, seed=0, indices=np.arange(60))
    damage = np.abs(made.astype(int) - images).mean(axis=(1, 2, 3, 4))
    assert (np.diff(damage) > 0.0).all(), damage
    assert damage[-1] > 10.0


@every_corruption
def test_seeds_and_indices_matter_where_there_is_chance(name: str, photos: Photos) -> None:
    image = photos(1, 32, 32, 3)
    parameters = CORRUPTIONS[name].parameters_at(0.7)
    made = {
        corrupt(image, name, parameters, seed=seed, indices=np.array([index])).tobytes()
        for seed in (0, 1)
        for index in (0, 1)
    }
    assert len(made) == (1 if name in WITHOUT_CHANCE else 4)


@pytest.mark.parametrize("name", [*STANDARD_15, *EXTRA_4])
def test_published_parameters_run_and_damage(name: str, photos: Photos) -> None:
    published = CORRUPTIONS[name].published
    assert published is not None
    assert len(published) == 5
    images = photos(40, 32, 32, 3)
    made = corrupt_severities(images, name, published, seed=0, indices=np.arange(40))
    assert (np.abs(made.astype(int) - images).mean(axis=(1, 2, 3, 4)) > 0.05).all()


@every_corruption
def test_a_large_image_works(name: str) -> None:
    from sklearn.datasets import load_sample_images

    image = load_sample_images().images[0][None, 100:244, 200:360]
    made = corrupt(image, name, CORRUPTIONS[name].parameters_at(0.4), seed=0, indices=np.array([0]))
    assert made.shape == image.shape
    assert np.abs(made.astype(int) - image).mean() > 1.0


@every_corruption
@pytest.mark.parametrize("value", [0, 255])
def test_flat_black_and_white_images_are_no_special_case(name: str, value: int) -> None:
    images = np.full((2, 28, 28, 1), value, np.uint8)
    made = corrupt_severities(
        images,
        name,
        [CORRUPTIONS[name].parameters_at(strength) for strength in (0.0, 1.0)],
        seed=0,
        indices=np.arange(2),
    )
    assert np.abs(made[0].astype(int) - images).max() <= (1 if name == "jpeg_compression" else 0)


def test_an_empty_batch_gives_an_empty_batch() -> None:
    images = np.empty((0, 28, 28, 1), np.uint8)
    for name, corruption in CORRUPTIONS.items():
        made = corrupt(images, name, corruption.parameters_at(0.5), seed=0, indices=np.empty(0, np.int64))
        assert made.shape == images.shape


@pytest.mark.parametrize(
    ("images", "indices", "fragment"),
    [
        (np.zeros((2, 28, 28, 1), np.float32), np.arange(2), "uint8"),
        (np.zeros((2, 28, 28), np.uint8), np.arange(2), "uint8"),
        (np.zeros((2, 28, 28, 2), np.uint8), np.arange(2), "C 1 or 3"),
        (np.zeros((2, 27, 32, 1), np.uint8), np.arange(2), "28 pixels"),
        (np.zeros((2, 28, 28, 1), np.uint8), np.arange(3), "one whole number"),
        (np.zeros((2, 28, 28, 1), np.uint8), np.array([0.0, 1.0]), "one whole number"),
        (np.zeros((2, 28, 28, 1), np.uint8), np.array([-1, 0]), "one whole number"),
    ],
)
def test_refusals_name_the_rule(images: Pixels, indices: npt.NDArray[np.int64], fragment: str) -> None:
    with pytest.raises(MettleError, match=fragment):
        corrupt(images, "contrast", {"factor": 0.5}, seed=0, indices=indices)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(MettleError, match="gaussian_noise"):
        corrupt(np.zeros((1, 28, 28, 1), np.uint8), "gausian_noise", {}, seed=0, indices=np.arange(1))
