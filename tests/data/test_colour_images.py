"""Fashion-MNIST on coloured backgrounds: frozen bytes, and what the backgrounds do and do not give away."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark import data
from benchmark.data import fetch, read_manifest
from benchmark.data.checksums import values_sha256
from benchmark.data.derived.colour import BACKGROUNDS, SIZE, assigned_backgrounds, colour_part, on_background
from benchmark.data.loading import load_part
from benchmark.data.sources.derived import RECIPES
from benchmark.data.verify import DataDiffersError

COUNT = 1500


@pytest.fixture(scope="module")
def grey() -> tuple[np.ndarray, np.ndarray]:
    part = data.load("fashion-mnist", "test", progress=False)
    return np.asarray(part.images[:COUNT]), part.labels[:COUNT]


def luma(images: np.ndarray) -> np.ndarray:
    return (images @ np.array([299, 587, 114]) + 500) // 1000


def test_the_test_part_is_its_manifests_and_says_where_it_comes_from() -> None:
    dataset = data.load("fashion-mnist-colour", "test", progress=False)
    assert dataset.images.shape == (10_000, SIZE, SIZE, 3)
    assert dataset.copy == "official"
    assert dataset.source.startswith("made from fashion-mnist (")
    origin = data.load("fashion-mnist", "test", progress=False)
    np.testing.assert_array_equal(dataset.labels, origin.labels)


@pytest.mark.slow
def test_the_training_part_is_its_manifests_with_each_image_where_its_draw_put_it() -> None:
    dataset = data.load("fashion-mnist-colour", "train", progress=False)
    assert dataset.images.shape == (60_000, SIZE, SIZE, 3)
    assert dataset.copy == "official"
    origin = data.load("fashion-mnist", "train", progress=False)
    np.testing.assert_array_equal(dataset.labels, origin.labels)
    strays = np.flatnonzero(assigned_backgrounds(origin.labels, "train") != origin.labels)[:40]
    for stray in strays:
        own = np.array([stray])
        homes = (on_background(origin.images[own], own, place, "train") for place in range(len(BACKGROUNDS)))
        found = [place for place, made in enumerate(homes) if (made == dataset.images[own]).all()]
        assert found
        assert origin.labels[stray] not in found


def test_backgrounds_are_frozen() -> None:
    """Digests over plain ramps instead of Fashion-MNIST: the recipe is the same on every machine."""
    ramps = (np.arange(40 * SIZE * SIZE).reshape(40, SIZE, SIZE, 1) * 7 % 256).astype(np.uint8)
    found = [values_sha256(on_background(ramps, np.arange(40), place))[:8] for place in range(len(BACKGROUNDS))]
    assert found == [
        "0064b1db",
        "7068cb6a",
        "6a849f11",
        "cef2b97c",
        "4a318bff",
        "c6c6a493",
        "0c99ff74",
        "57693ae9",
        "76634b6d",
        "96f4204f",
    ]


def test_another_recipe_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "colour", lambda images, labels, part: (colour_part(images, labels, part) ^ 1, labels))
    with pytest.raises(DataDiffersError, match="fashion-mnist-colour test from made from fashion-mnist"):
        load_part(read_manifest("fashion-mnist-colour"), "test", progress=False)


def test_an_image_depends_on_its_position_alone(grey: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = grey
    whole = colour_part(images, labels, "test")
    chosen = np.random.default_rng(0).permutation(COUNT)[:300]
    backgrounds = assigned_backgrounds(labels, "test")
    for place in (0, 6):
        own = chosen[backgrounds[chosen] == place]
        np.testing.assert_array_equal(on_background(images[own], own, place), whole[own])


def test_an_image_is_the_same_on_all_backgrounds_but_for_them(grey: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = grey
    made = np.stack([on_background(images, np.arange(COUNT), place) for place in range(len(BACKGROUNDS))])
    opaque = images[..., 0] >= 32
    np.testing.assert_array_equal(made[:, opaque], np.broadcast_to(made[0, opaque], made[:, opaque].shape))
    empty = images[..., 0] == 0
    for first, second in ((0, 1), (2, 4), (6, 8), (8, 9)):
        assert (made[first][empty] != made[second][empty]).any(axis=-1).mean() > 0.9
    assert opaque.mean() > 0.3  # most of a picture's middle is garment


def test_parts_have_draws_of_their_own(grey: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = grey
    test, train = (on_background(images[:50], np.arange(50), 3, part) for part in ("test", "train"))
    assert (test != train).any(axis=(1, 2, 3)).mean() > 0.9


def test_home_share_in_training_and_none_in_the_test() -> None:
    train, test = (data.load("fashion-mnist", part, progress=False).labels for part in ("train", "test"))
    backgrounds = assigned_backgrounds(train, "train")
    assert (backgrounds == train).mean() == pytest.approx(0.955, abs=4 * np.sqrt(0.955 * 0.045 / 60_000))
    strays = backgrounds[backgrounds != train]
    assert np.bincount(strays, minlength=10).min() > 200
    crossed = np.bincount(test * 10 + assigned_backgrounds(test, "test"), minlength=100)
    assert 60 < crossed.min() <= crossed.max() < 145  # 100 each, sd 10


def test_neither_brightness_nor_greyness_cuts_a_garment_out(grey: tuple[np.ndarray, np.ndarray]) -> None:
    images, _ = grey
    opaque, empty = images[..., 0] >= 32, images[..., 0] == 0
    for place, name in enumerate(BACKGROUNDS):
        made = on_background(images, np.arange(COUNT), place)
        bright = luma(made)
        low, high = np.percentile(bright[opaque], [1, 99])
        within = ((bright[empty] >= low) & (bright[empty] <= high)).mean()
        assert within > 0.4, f"{name}: {within:.2f} of the background within the garments' brightness"
    tints = np.ptp(made[opaque].astype(int), axis=1)
    assert (tints > 10).mean() > 0.5
    achromatic = [place for place, name in enumerate(BACKGROUNDS) if name.split()[0] in ("grey", "dark", "pale")]
    for place in achromatic:
        made = on_background(images[:200], np.arange(200), place)
        assert (np.ptp(made[empty[:200]].astype(int), axis=1) == 0).all()


def test_a_grey_copy_keeps_the_shortcut(grey: tuple[np.ndarray, np.ndarray]) -> None:
    """Mean, spread and mean steps of the luma at the border tell the backgrounds apart; the class is of no help."""
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

    images, labels = grey
    backgrounds = assigned_backgrounds(labels, "test")
    bright = luma(colour_part(images, labels, "test")).astype(float)
    rows, columns = bright[:, [0, 1, 2, 25, 26, 27]], bright[:, :, [0, 1, 2, 25, 26, 27]]
    border = np.concatenate([rows.reshape(COUNT, -1), columns.reshape(COUNT, -1)], axis=1)
    steps = [np.abs(np.diff(values, axis=axis)).mean(axis=(1, 2)) for values in (rows, columns) for axis in (1, 2)]
    features = np.stack([border.mean(axis=1), border.std(axis=1), *steps], axis=1)
    half = COUNT // 2
    probe = QuadraticDiscriminantAnalysis(reg_param=0.01).fit(features[:half], backgrounds[:half])
    assert probe.score(features[half:], backgrounds[half:]) > 0.8


@pytest.mark.parametrize("place", [-1, 10])
def test_unknown_backgrounds_are_refused(place: int) -> None:
    with pytest.raises(ValueError, match="background"):
        on_background(np.zeros((1, SIZE, SIZE, 1), np.uint8), np.arange(1), place)


@pytest.mark.parametrize("images", [np.zeros((1, 32, 32, 1), np.uint8), np.zeros((1, SIZE, SIZE, 1))])
def test_other_images_are_refused(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        on_background(images, np.arange(1), 0)


def test_fetching_it_is_fetching_its_origin() -> None:
    for name in ("fashion-mnist", "fashion-mnist-colour"):
        fetched = fetch(name, progress=False)
    assert fetched.way.startswith("made from fashion-mnist (already here: ")
    assert fetched.name == "fashion-mnist-colour"
