"""One box a batch, targets by the area that was really replaced."""

from __future__ import annotations

import torch

from benchmark.training.augmentations import Batch
from benchmark.training.augmentations.cutmix import CutMix

COUNT, SIDE = 6, 20


def marked() -> Batch:
    """Images whose every pixel says which image it is of."""
    return Batch(torch.arange(COUNT).float().view(-1, 1, 1, 1).expand(COUNT, 2, SIDE, SIDE), torch.eye(COUNT))


def test_targets_are_the_shares_of_pixels() -> None:
    generator = torch.Generator().manual_seed(0)
    shares = []
    for _ in range(200):
        images, targets = CutMix(name="cutmix", probability=1.0).apply(marked(), generator)
        counted = torch.stack([(images[:, 0] == owner).float().mean((1, 2)) for owner in range(COUNT)], dim=1)
        assert torch.allclose(counted, targets, atol=1e-6)
        replaced = (images[:, 0] != torch.arange(COUNT).view(-1, 1, 1)).any(0)
        rows, columns = replaced.any(1).nonzero(), replaced.any(0).nonzero()
        if len(rows):
            box = replaced[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
            others = (targets.argmax(1) == torch.arange(COUNT)) & (targets.amax(1) == 1)
            assert box.all(), "one box, the same for the whole batch"
            shares.append(float(box.sum()) / SIDE**2)
            assert torch.equal(images[others], marked().images[others])
    # A box of share s around any centre loses, by the border, a quarter to a half of what it would cover.
    assert 0.2 < sum(shares) / len(shares) < 0.4
    assert max(shares) > 0.8


def test_about_as_many_batches_change_as_asked_for() -> None:
    generator = torch.Generator().manual_seed(1)
    changed = sum(
        not torch.equal(CutMix(name="cutmix", probability=0.5).apply(marked(), generator).targets, torch.eye(COUNT))
        for _ in range(400)
    )
    # Boxes of no pixel and orders that leave images in place are rare.
    assert 150 < changed < 215
