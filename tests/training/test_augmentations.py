import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from benchmark.corruptions import CORRUPTIONS
from benchmark.training.augmentations import (
    AnyAugmentation,
    Batch,
    Cutout,
    Flip,
    GaussianBlur,
    GaussianNoise,
    Recolour,
    Shift,
)
from benchmark.training.augmentations import augmix as augmix_module

EVERY = [
    {"name": "flip"},
    {"name": "shift", "pixels": 2},
    {"name": "cutout", "size": 8},
    {"name": "gaussian_noise", "largest_sd": 0.2},
    {"name": "gaussian_blur", "largest_sigma": 1.5},
    {"name": "augmix"},
    {"name": "randaugment"},
    {"name": "mixup_or_cutmix"},
    {"name": "recolour"},
    {"name": "cutmix", "probability": 1.0},
]
NAMES = [table["name"] for table in EVERY]
OF_NORMALIZED_IMAGES = ["dsa"]


def augmentation(table):
    return TypeAdapter(AnyAugmentation).validate_python(table)


def batch(count=12, channels=1, size=28, seed=0):
    generator = torch.Generator().manual_seed(seed)
    targets = torch.eye(10)[torch.randint(0, 10, (count,), generator=generator)]
    return Batch(torch.rand(count, channels, size, size, generator=generator), targets)


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("table", EVERY, ids=NAMES)
@pytest.mark.parametrize(("channels", "size"), [(1, 28), (3, 32)])
def test_augmented_batches_stay_valid_and_change(table, channels, size):
    images, targets = augmentation(table).apply(batch(channels=channels, size=size), generator())
    original = batch(channels=channels, size=size)
    assert images.shape == original.images.shape
    assert images.dtype == torch.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert torch.isfinite(images).all()
    assert torch.allclose(targets.sum(1), torch.ones(12), atol=1e-6)
    assert not torch.equal(images, original.images)


@pytest.mark.parametrize("table", EVERY, ids=NAMES)
def test_only_the_generator_decides(table):
    torch.manual_seed(0)
    first = augmentation(table).apply(batch(), generator())
    torch.manual_seed(99)
    before = torch.get_rng_state()
    second = augmentation(table).apply(batch(), generator())
    assert torch.equal(first.images, second.images)
    assert torch.equal(first.targets, second.targets)
    assert torch.equal(torch.get_rng_state(), before)
    other = augmentation(table).apply(batch(), generator(2))
    assert not torch.equal(first.images, other.images)


def test_all_are_tried_and_resemblances_are_names_of_corruptions():
    schema = TypeAdapter(AnyAugmentation).json_schema()
    assert sorted(schema["discriminator"]["mapping"]) == sorted(NAMES + OF_NORMALIZED_IMAGES)
    for table in EVERY:
        assert set(augmentation(table).resembles) <= set(CORRUPTIONS)


def test_flip_mirrors_whole_images_at_its_rate():
    original = batch(2000, size=4)
    flipped = Flip(name="flip", probability=0.25).apply(original, generator()).images
    mirrored = (flipped == original.images.flip(3)).flatten(1).all(1)
    kept = (flipped == original.images).flatten(1).all(1)
    assert (mirrored ^ kept).all()
    assert mirrored.float().mean() == pytest.approx(0.25, abs=0.04)


def test_shift_moves_up_to_its_pixels_and_reaches_every_offset():
    image = torch.zeros(3000, 1, 7, 7)
    image[:, 0, 3, 3] = 1
    moved = Shift(name="shift", pixels=1).apply(Batch(image, torch.zeros(3000, 1)), generator()).images
    places = moved.flatten(1).argmax(1)
    assert (moved.flatten(1).sum(1) == 1).all()
    assert set(places.tolist()) == {row * 7 + column for row in (2, 3, 4) for column in (2, 3, 4)}


def test_cutout_hides_at_most_its_square():
    cut = Cutout(name="cutout", size=4).apply(Batch(torch.ones(500, 1, 10, 10), torch.zeros(500, 1)), generator())
    hidden = (cut.images == 0.5).flatten(1).sum(1)
    assert hidden.max() == 16
    assert hidden.min() >= 4


def test_noise_has_the_drawn_standard_deviations():
    flat = Batch(torch.full((2000, 1, 16, 16), 0.5), torch.zeros(2000, 1))
    noisy = GaussianNoise(name="gaussian_noise", largest_sd=0.1, probability=0.5).apply(flat, generator()).images
    sd = noisy.flatten(1).std(1)
    touched = sd > 0
    assert touched.float().mean() == pytest.approx(0.5, abs=0.04)
    assert sd.max() < 0.12
    # Drawn evenly from [0, 0.1], the mean of the touched is a half.
    assert sd[touched].mean() == pytest.approx(0.05, abs=0.004)


def test_blur_keeps_the_mean_of_flat_images_and_smooths_others():
    blur = GaussianBlur(name="gaussian_blur", largest_sigma=2.0, probability=1.0)
    flat = Batch(torch.full((4, 1, 28, 28), 0.3), torch.zeros(4, 1))
    assert torch.allclose(blur.apply(flat, generator()).images, flat.images, atol=1e-6)
    assert blur.apply(batch(), generator()).images.std() < batch().images.std()


def test_recolour_mixes_channels_by_one_map_an_image_and_turns_brightness_about_as_often_as_not():
    original = batch(400, channels=3, size=6).images
    changed = Recolour(name="recolour").apply(Batch(original.clone(), torch.zeros(400, 1)), generator()).images
    span = changed.amax((1, 2, 3)) - changed.amin((1, 2, 3))
    assert span.min() > 0.249
    assert span.max() > 0.9
    brighter = []
    for before, after in zip(original.flatten(2).double(), changed.flatten(2).double(), strict=True):
        known = torch.cat([before, torch.ones(1, 36, dtype=torch.float64)])  # affine in the channels
        fitted = torch.linalg.lstsq(known.T, after.T).solution
        assert torch.allclose(known.T @ fitted, after.T, atol=1e-5)
        brighter.append(float(torch.corrcoef(torch.stack([before.mean(0), after.mean(0)]))[0, 1]) > 0)
    assert sum(brighter) / 400 == pytest.approx(0.5, abs=0.08)


def test_recolour_leaves_flat_images_defined_and_the_others_as_they_are():
    flat = Batch(torch.full((5, 3, 4, 4), 0.4), torch.zeros(5, 1))
    assert torch.isfinite(Recolour(name="recolour").apply(flat, generator()).images).all()
    never = Recolour(name="recolour", probability=0.0).apply(batch(channels=3), generator())
    assert torch.equal(never.images, batch(channels=3).images)


def test_augmix_operations_at_level_zero_change_little_and_tonal_ones_match_pillow():
    from PIL import Image, ImageOps

    levels = torch.randint(0, 256, (3, 1, 20, 20), generator=generator())
    images = levels.float() / 255
    identity = augmix_module.affine(images, torch.tensor([0, 1, 3]), torch.zeros(3))
    assert torch.allclose(identity, images, atol=1e-4)
    for index in range(3):
        pillow = Image.fromarray(levels[index, 0].to(torch.uint8).numpy())
        half = torch.tensor([0.5])
        for ours, theirs in (
            (augmix_module.posterize(images[index : index + 1], half), ImageOps.posterize(pillow, 2)),
            (augmix_module.solarize(images[index : index + 1], half), ImageOps.solarize(pillow, 128)),
            (augmix_module.autocontrast(images[index : index + 1], half), ImageOps.autocontrast(pillow)),
        ):
            expected = torch.tensor(list(theirs.get_flattened_data())).view(20, 20) / 255
            assert (ours[0, 0] - expected).abs().max() <= 1.01 / 255


def test_rotation_turns_by_its_level_and_translation_by_a_third():
    image = torch.zeros(1, 1, 30, 30)
    image[0, 0, 15, :] = 1
    turned = augmix_module.affine(image, torch.tensor([augmix_module.GEOMETRIC.index("rotate")]), torch.tensor([1.0]))
    column = turned[0, 0].argmax(0)
    rise = float(column[25] - column[5]) / 20
    assert abs(rise) == pytest.approx(0.577, abs=0.06)  # the tangent of 30 degrees
    moved = augmix_module.affine(
        image, torch.tensor([augmix_module.GEOMETRIC.index("translate_y")]), torch.tensor([1.0])
    )
    assert abs(int(moved[0, 0, :, 10].argmax()) - 15) == 10


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 255), st.integers(0, 255))
def test_tonal_operations_leave_flat_and_two_level_images_defined(low, high):
    images = torch.full((1, 1, 4, 4), low / 255)
    images[0, 0, :2] = high / 255
    for operation in augmix_module.TONAL:
        result = operation(images, torch.tensor([0.3]))
        assert torch.isfinite(result).all()
        assert result.min() >= 0
        assert result.max() <= 1
    if low == high:
        assert torch.equal(augmix_module.autocontrast(images, torch.tensor([0.3])), images)
        assert torch.equal(augmix_module.equalize(images, torch.tensor([0.3])), images)
