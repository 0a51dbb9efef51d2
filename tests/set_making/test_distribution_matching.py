"""DM: its step is the gradient of its formula, an interrupted run ends the same, means come closer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmark import data
from benchmark.errors import MettleError
from benchmark.set_making import distribution_matching
from benchmark.set_making.distribution_matching import (
    DM_FORMAT,
    DistributionMatching,
    identity,
    match_distributions,
)
from benchmark.training.augmentations.shared_change import shared_change
from benchmark.training.augmentations.siamese import OPERATIONS, colour

DIGITS = data.load("digits", "train", progress=False)
START = np.array([int(np.flatnonzero(DIGITS.labels == label)[0]) for label in range(10)])


def settings(**changes: object) -> DistributionMatching:
    given = {"architecture": "convnet2_w16", "mean": [0.3], "std": [0.4], "iterations": 6, "real_batch": 32}
    return DistributionMatching.model_validate(given | changes)


def matched(plan: DistributionMatching, **options: object) -> np.ndarray:
    return match_distributions(
        plan, DIGITS.images, DIGITS.labels, START, **({"seed": 1, "show_progress": False} | options)
    )


def test_equal_seeds_give_equal_images_and_other_seeds_do_not() -> None:
    made = matched(settings())
    assert made.dtype == np.float32
    assert made.shape == (10, *DIGITS.images.shape[1:])
    assert np.array_equal(made, matched(settings()))
    assert not np.array_equal(made, matched(settings(), seed=2))


def test_a_run_that_was_stopped_ends_with_the_same_images(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution_matching, "SAVE_EVERY_S", 0.0)
    progress = tmp_path / "progress.pt"
    nets = 0
    drawn = distribution_matching._random_net

    def stops(*arguments: object) -> torch.nn.Module:
        nonlocal nets
        nets += 1
        if nets == 4:
            raise KeyboardInterrupt
        return drawn(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(distribution_matching, "_random_net", stops)
        with pytest.raises(KeyboardInterrupt):
            matched(settings(), progress_file=progress)
    assert torch.load(progress, weights_only=True)["iterations"] == 3
    assert np.array_equal(matched(settings(), progress_file=progress), matched(settings()))


def test_one_step_is_gradient_descent_on_the_distance_of_the_means(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all real images, no change and a net that is the identity, a step has a closed form."""
    monkeypatch.setattr(distribution_matching, "_random_net", lambda *_: torch.nn.Identity())
    monkeypatch.setattr(distribution_matching, "shared_change", lambda batches, _: batches)
    plan = settings(iterations=1, real_batch=10_000, learning_rate=0.1, mean=[0.0], std=[1.0])
    made = matched(plan)
    pixels = DIGITS.images / 255
    means = np.stack([pixels[DIGITS.labels == label].mean(axis=0) for label in range(10)])
    assert made == pytest.approx(pixels[START] + 0.1 * 2 * (means - pixels[START]), abs=1e-5)


def test_parts_of_the_real_images_change_nothing() -> None:
    assert matched(settings(micro_batch=5)) == pytest.approx(matched(settings(micro_batch=1000)), abs=1e-4)


def test_matching_brings_the_means_of_unseen_nets_closer() -> None:
    """Features of nets that were never drawn: the class means of the images come nearer to those of the real ones."""
    made = matched(settings(iterations=60, learning_rate=3.0))

    def gap(images: np.ndarray) -> float:
        total = 0.0
        for key in range(1000, 1004):
            net = distribution_matching._random_net(settings(), torch.zeros(1, 1, 8, 8), 10, key)
            for label in range(10):
                real = torch.from_numpy(DIGITS.images[DIGITS.labels == label]).permute(0, 3, 1, 2) / 255
                ours = torch.from_numpy(images[label : label + 1]).permute(0, 3, 1, 2).float()
                means = [net((batch - 0.3) / 0.4).flatten(1).mean(0) for batch in (real, ours)]
                total += float(((means[0] - means[1]) ** 2).sum())
        return total

    # The images of one class are in the order of their labels here.
    assert gap(made) < 0.7 * gap(DIGITS.images[START] / 255)


def test_a_rate_that_is_too_high_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribution_matching, "_random_net", lambda *_: torch.nn.Identity())
    with pytest.raises(MettleError, match=r"must stay finite.*Lower the learning rate"):
        matched(settings(learning_rate=1e15))


def test_a_net_without_features_is_refused() -> None:
    with pytest.raises(MettleError, match="needs a net with `features`"):
        matched(settings(architecture="linear"))


def test_a_run_is_named_by_all_that_decides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = DIGITS.labels
    names = {
        identity(settings(), START, 1, "a", labels), identity(settings(iterations=7), START, 1, "a", labels),
        identity(settings(), START[::-1], 1, "a", labels), identity(settings(), START, 2, "a", labels),
        identity(settings(), START, 1, "b", labels), identity(settings(), START, 1, "a", labels[::-1]),
    }  # fmt: skip
    assert len(names) == 6
    known = identity(settings(), START, 1, "a", labels)
    assert known in names
    monkeypatch.setattr("benchmark.set_making.distribution_matching.DM_FORMAT", DM_FORMAT + 1)
    assert identity(settings(), START, 1, "a", labels) not in names


@pytest.mark.parametrize("operation", OPERATIONS)
def test_all_images_of_all_batches_get_one_change(operation, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "benchmark.training.augmentations.shared_change"
    monkeypatch.setattr(f"{module}.OPERATIONS", (operation,))
    image = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0)) + 1
    batches = [image.repeat(5, 1, 1, 1), image.repeat(2, 1, 1, 1)]
    changes = [shared_change(batches, torch.Generator().manual_seed(seed)) for seed in range(8)]
    for first, second in changes:
        assert first.shape == batches[0].shape
        assert second.shape == batches[1].shape
        for other in (*first[1:], *second):
            assert torch.allclose(other, first[0], atol=1e-6)
    assert any(not torch.allclose(changes[0][0], other[0]) for other in changes[1:])


def test_the_shared_change_of_one_image_is_the_operation_of_dsa(monkeypatch: pytest.MonkeyPatch) -> None:
    image = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    for operation in OPERATIONS:
        if operation is colour:
            continue
        monkeypatch.setattr("benchmark.training.augmentations.shared_change.OPERATIONS", (operation,))
        (ours,) = shared_change([image], torch.Generator().manual_seed(3))
        generator = torch.Generator().manual_seed(3)
        torch.randint(0, 1, (1,), generator=generator)
        assert torch.allclose(ours, operation(image, generator))


def test_the_shared_colour_is_brightness_saturation_contrast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an image that is one grey level, contrast and saturation leave nothing to change: brightness alone shows."""
    monkeypatch.setattr("benchmark.training.augmentations.shared_change.OPERATIONS", (colour,))
    grey = torch.full((1, 3, 4, 4), 0.2)
    shifts = [float(shared_change([grey], torch.Generator().manual_seed(seed))[0].mean()) - 0.2 for seed in range(200)]
    assert -0.5 <= min(shifts) < -0.4
    assert 0.4 < max(shifts) <= 0.5
    textured = torch.rand(1, 1, 6, 6, generator=torch.Generator().manual_seed(1))
    spreads = [
        float(shared_change([textured], torch.Generator().manual_seed(seed))[0].std() / textured.std())
        for seed in range(200)
    ]
    assert 0.5 <= min(spreads) < 0.55  # one channel has no saturation; contrast is .5 to 1.5
    assert 1.45 < max(spreads) <= 1.5


def test_gradients_reach_the_images() -> None:
    for seed in range(12):
        images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(seed)).requires_grad_()
        _, changed = shared_change([torch.ones(3, 1, 8, 8), images], torch.Generator().manual_seed(seed))
        changed.sum().backward()
        assert images.grad is not None
        assert images.grad.abs().sum() > 0
