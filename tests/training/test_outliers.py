import math

import numpy as np
import pytest
import torch

from benchmark.training.outliers import OutlierExposure, OutlierSource


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def flat(labels):
    """Images whose every pixel is ten times their label."""
    return np.full((len(labels), 8, 8, 1), 10, np.uint8) * np.reshape(labels, (-1, 1, 1, 1)).astype(np.uint8), labels


def test_the_loss_is_the_cross_entropy_to_the_uniform():
    exposure = OutlierExposure(kinds=["jigsaw"], weight=0.5)
    assert float(exposure.loss(torch.zeros(4, 8))) == pytest.approx(0.5 * math.log(8))
    sure = torch.tensor([[math.log(8.0), 0.0, 0.0]], dtype=torch.float64)  # probabilities .8 .1 .1
    expected = -(math.log(0.8) + 2 * math.log(0.1)) / 3
    assert float(OutlierExposure(kinds=["blend"], weight=2.0).loss(sure)) == pytest.approx(2 * expected)


def test_a_jigsaw_keeps_the_pixels_of_one_training_image_and_moves_them():
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    made = OutlierSource(["jigsaw"], images, np.array([0, 1, 0, 1, 0])).draw(50, generator())
    assert made.shape == (50, 3, 8, 8)
    pixels = {tuple(np.sort(image, axis=None)): image for image in images}
    for outlier in (made * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy():
        origin = pixels[tuple(np.sort(outlier, axis=None))]
        assert not np.array_equal(origin, outlier)
    same_origin = made[[np.array_equal(np.sort(image, axis=None), np.sort(made[0], axis=None)) for image in made]]
    assert len(same_origin) > 1
    assert not torch.equal(same_origin[0], same_origin[1])


def test_a_blend_is_the_mean_of_two_classes_and_every_pair_occurs():
    images, labels = flat(np.array([1, 1, 1, 2, 4, 4]))
    made = OutlierSource(["blend"], images, labels).draw(600, generator())
    assert (made == made[:, :, :1, :1]).all()
    sums = (made[:, 0, 0, 0] * 255 * 2 / 10).round().int()
    assert set(sums.tolist()) == {1 + 2, 1 + 4, 2 + 4}


def test_kinds_are_drawn_evenly_and_only_the_generator_decides():
    source = OutlierSource(["jigsaw", "blend"], *flat(np.array([0, 2] * 50)))
    made = source.draw(1000, generator())
    blended = (made[:, 0, 0, 0] * 255).round() == 10  # jigsaws of flat images stay 0 or 20
    assert blended.float().mean() == pytest.approx(0.5, abs=0.06)
    torch.manual_seed(7)
    assert torch.equal(made, source.draw(1000, generator()))
    assert not torch.equal(made, source.draw(1000, generator(2)))


def test_images_of_one_class_make_no_outliers():
    with pytest.raises(ValueError, match="two classes"):
        OutlierSource(["blend"], *flat(np.array([3, 3])))
