import pytest
import torch
from torch.nn import functional

from benchmark.training.augmentations import Batch
from benchmark.training.augmentations.siamese import DSA, OPERATIONS, colour, crop, cutout, flip, rotation, scale


def images(count=64, channels=3, side=28):
    return torch.randn(count, channels, side, side, generator=torch.Generator().manual_seed(1))


def drawn(seed=2):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_equal_draws_give_equal_images_of_the_same_shape(operation):
    before = images()
    kept = before.clone()
    after = operation(before, drawn())
    assert after.shape == before.shape
    assert torch.equal(before, kept)
    assert torch.equal(after, operation(before, drawn()))
    assert not torch.equal(after, operation(before, drawn(3)))


def test_a_crop_moves_by_at_most_an_eighth_and_zeros_come_in():
    before = torch.arange(1.0, 28 * 28 + 1).view(1, 1, 28, 28).expand(400, 1, 28, 28)
    moves = set()
    for image in crop(before, drawn())[:, 0]:
        row, column = (int(place) for place in torch.nonzero(image)[0])
        first = int(image[row, column]) - 1
        moves.add((first // 28 - row, first % 28 - column))
        inside = image[image > 0]
        assert len(inside) == (28 - abs(first // 28 - row)) * (28 - abs(first % 28 - column))
    assert {down for down, _ in moves} == set(range(-4, 5))  # 28 / 8 is 3.5, which their code rounds up
    assert {right for _, right in moves} == set(range(-4, 5))


def test_a_hole_has_half_the_side_and_may_hang_over():
    holes = cutout(torch.ones(500, 1, 28, 28), drawn())[:, 0] == 0
    heights, widths = holes.any(2).sum(1), holes.any(1).sum(1)
    assert int(heights.max()) == 14
    assert 7 <= int(heights.min()) < 14
    assert torch.equal(holes.sum((1, 2)), heights * widths)


def test_about_half_are_mirrored():
    before = images(400)
    after = flip(before, drawn())
    mirrored = torch.tensor([torch.equal(one, two.flip(2)) for one, two in zip(after, before, strict=True)])
    same = torch.tensor([torch.equal(one, two) for one, two in zip(after, before, strict=True)])
    assert bool((mirrored ^ same).all())
    assert 150 < int(mirrored.sum()) < 250


def test_a_grey_image_changes_brightness_and_contrast_only():
    before = images(200, channels=1)
    after = colour(before, drawn())
    spread = after.std((1, 2, 3)) / before.std((1, 2, 3))
    shift = after.mean((1, 2, 3)) - before.mean((1, 2, 3))
    assert 0.5 <= float(spread.min()) < 0.55
    assert 1.45 < float(spread.max()) <= 1.5
    assert -0.5 <= float(shift.min()) < -0.45
    assert 0.45 < float(shift.max()) <= 0.5
    standard = (before - before.mean((2, 3), keepdim=True)) / before.std((2, 3), keepdim=True)
    assert torch.allclose(
        (after - after.mean((2, 3), keepdim=True)) / after.std((2, 3), keepdim=True), standard, atol=1e-4
    )


def test_saturation_reaches_grey_and_twice_the_colour():
    after = colour(images(600), drawn())
    before = images(600)
    colours = ((values - values.mean(1, keepdim=True)).std((1, 2, 3)) for values in (after, before))
    of_after, of_before = colours
    ratio = of_after / of_before
    assert float(ratio.min()) < 0.1
    assert 2 < float(ratio.max()) < 3  # twice the saturation times half as much contrast again


def test_a_rotation_turns_by_at_most_fifteen_degrees_and_keeps_the_centre():
    line = torch.zeros(300, 1, 33, 33)
    line[:, :, 16, :] = 1
    turned = rotation(line, drawn())[:, 0]
    assert bool((turned[:, 16, 16] > 0.99).all())
    column = turned[:, :, 28]  # twelve pixels right of the centre
    rows = (column * torch.arange(33.0)).sum(1) / column.sum(1) - 16
    limit = 12 * float(torch.tan(torch.deg2rad(torch.tensor(15.0))))
    assert 0.9 * limit < float(rows.abs().max()) <= limit + 0.1


def test_scaling_stretches_each_side_by_its_own_draw():
    side = 64
    bump = torch.exp(-(torch.linspace(-4, 4, side) ** 2))
    blob = (bump.view(-1, 1) * bump).view(1, 1, side, side).expand(300, 1, side, side)
    after = scale(blob, drawn())[:, 0]

    def width(values):
        place = torch.arange(float(side)) - (side - 1) / 2
        return ((values * place**2).sum(1) / values.sum(1)).sqrt()

    across, down = (width(after.sum(axis)) / width(blob[:, 0].sum(axis)) for axis in (1, 2))
    for ratio in (across, down):
        assert 1 / 1.2 - 0.02 <= float(ratio.min()) < 0.87
        assert 1.15 < float(ratio.max()) <= 1.22
    assert float(torch.corrcoef(torch.stack([across, down]))[0, 1].abs()) < 0.2


def test_every_operation_is_drawn_and_targets_stay():
    generator, seen = drawn(), set()
    targets = functional.one_hot(torch.arange(4) % 2, 2).float()
    before = images(4)
    for _ in range(60):
        state = generator.get_state()
        after = DSA(name="dsa").apply(Batch(before, targets), generator)
        assert torch.equal(after.targets, targets)
        again = torch.Generator()
        again.set_state(state)
        which = int(torch.randint(0, len(OPERATIONS), (1,), generator=again))
        assert torch.equal(after.images, OPERATIONS[which](before, again))
        seen.add(which)
    assert seen == set(range(6))
